-- name: compiled_criteria
select criteria from versions where id = :version;

-- name: journey
-- What a journey is about, and what happened in it.
select
    j.contact_id, j.store_id, j.subject, j.product_id, j.alert_id, v.document -> 'list' ->> 'code' as list_code,
    array(select distinct message from sends where journey_id = j.id and state in ('sent', 'unknown')) as sent,
    array(select distinct event from journey_contact_events where journey_id = j.id and event is not null) as happened,
    (select properties || case when list_code is null then '{}' else jsonb_build_object('list', list_code) end
     from events where store_id = j.store_id and id = j.event_id) as properties,
    (select max(o.entered_at) from journeys o
     where o.contact_id = j.contact_id and o.store_id = j.store_id and o.conversation = j.conversation
       and o.id <> j.id and o.entered_at <= j.entered_at) as last_entered
from journeys j join versions v on v.id = j.version_id
where j.id = :journey_id;

-- name: last_entered
select max(entered_at) from journeys
where contact_id = :contact_id and store_id = :store_id and conversation = :conversation;
