-- Every query of dry runs: recorded journeys, and the version that is worked on.

-- name: newest
-- The newest journeys of a conversation, with the clock that their waits go by.
select j.id, j.ended_at is not null as ended, j.version_id, c.attributes ->> 'time_zone' as own_zone, l.time_zone
from journeys j join contacts c on c.id = j.contact_id join versions v on v.id = j.version_id
left join alerts a on a.id = j.alert_id
left join lists l on l.code = coalesce(a.list_code, v.document -> 'list' ->> 'code')
where j.conversation = $1
order by j.entered_at desc, j.id desc
limit $2;

-- name: questions
select id, questions from versions where id = any($1::text[]);

-- name: latest_document
-- What is worked on, or else what is published.
select coalesce(
    (select document from working_versions where conversation = $1),
    (select v.document from conversations c join versions v on v.id = c.published where c.code = $1)) as document;
