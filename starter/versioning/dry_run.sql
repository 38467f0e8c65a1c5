-- Every query of dry runs: recorded journeys, what their contacts did, and the versions that they ran on.

-- name: newest
-- The newest journeys of a conversation, with the time zones that their waits may go by. `began`: the version that a
-- journey began on, known from the first operation on it; null where there was none.
select j.id, j.ended_at is not null as ended, j.version_id, c.attributes ->> 'time_zone' as own_zone, l.time_zone,
       (select o.from_version from operation_journeys o where o.journey_id = j.id order by o.operation_id limit 1) as began
from journeys j join contacts c on c.id = j.contact_id join versions v on v.id = j.version_id
left join alerts a on a.id = j.alert_id
left join lists l on l.code = coalesce(a.list_code, v.document -> 'list' ->> 'code')
where j.conversation = :conversation
order by j.entered_at desc, j.id desc
limit :most;

-- name: version
select program, criteria from versions where id = :version;

-- name: contact_events
-- The contact events of these journeys that are among `events`, or that end journeys of their own version, in the order in
-- which they became known; the first `most` of each journey.
select j.id, done.event, done.happened_at, done.known_at
from journeys j
join versions v on v.id = j.version_id
cross join lateral (
    select distinct event, happened_at, known_at from journey_contact_events
    where journey_id = j.id and (event = any(:events::text[]) or v.program -> 'goal_on' ? event or v.program -> 'exit_on' ? event)
    order by known_at, happened_at
    limit :most
) as done
where j.id = any(:journeys::text[])
order by j.id, done.known_at, done.happened_at;
