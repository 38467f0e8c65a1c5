-- Every query of dry runs: recorded journeys, what their contacts did, and the version that is worked on.

-- name: newest
-- The newest journeys of a conversation, with the clock that their waits go by. `began`: the version that one began on,
-- if an operation was asked of it since; the first operation knows.
select j.id, j.ended_at is not null as ended, j.version_id, c.attributes ->> 'time_zone' as own_zone, l.time_zone,
       (select o.from_version from operation_journeys o where o.journey_id = j.id order by o.operation_id limit 1) as began
from journeys j join contacts c on c.id = j.contact_id join versions v on v.id = j.version_id
left join alerts a on a.id = j.alert_id
left join lists l on l.code = coalesce(a.list_code, v.document -> 'list' ->> 'code')
where j.conversation = $1
order by j.entered_at desc, j.id desc
limit $2;

-- name: version
select program, questions from versions where id = $1;

-- name: contact_events
-- What these journeys' contacts did of these events ($2) and of those that end their own version's journeys, in the order
-- in which journeys would be told of it; the first $3 of each.
select j.id, done.event, done.happened_at, done.known_at
from journeys j
join versions v on v.id = j.version_id
cross join lateral (
    select distinct event, happened_at, known_at from journey_contact_events
    where journey_id = j.id and (event = any($2::text[]) or v.program -> 'goal_on' ? event or v.program -> 'exit_on' ? event)
    order by known_at, happened_at
    limit $3
) as done
where j.id = any($1::text[])
order by j.id, done.known_at, done.happened_at;
