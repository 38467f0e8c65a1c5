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

-- name: deeds
-- What these journeys' contacts did since they entered, of these events ($2) and those that end their own version's
-- journeys, as journeys would hear it and as soon as they could; the first $3 of each. As in deciding.sql and hearing.py.
select j.id, deed.event, deed.at
from journeys j
join versions v on v.id = j.version_id
cross join lateral (
    select event, at
    from (
        select case e.kind when 'custom' then 'custom.' || e.name else e.kind end as event,
               greatest(e.happened_at, e.received_at) as at
        from events e
        where e.contact_id = j.contact_id and e.store_id = j.store_id and e.happened_at >= j.entered_at
          and e.id is distinct from j.event_id and e.kind <> 'ordered'
          and (e.message_id is null or e.message_id not like 'j-%' or split_part(e.message_id, '.', 1) = j.id)
        union all
        select distinct told.event, o.ordered_at
        from orders o
        cross join unnest(array[
            'ordered', case when j.product_id is null or o.product_id = j.product_id then 'bought' end]) as told (event)
        where o.contact_id = j.contact_id and o.store_id = j.store_id and not o.cancelled
          and case when j.entered_on in ('ordered', 'bought') then o.ordered_at > j.entered_at
                   else o.ordered_at >= j.entered_at end
        union all
        select 'unsubscribed', given_at from consents
        where contact_id = j.contact_id and not granted and given_at >= j.entered_at
    ) as known
    where event = any($2::text[]) or v.program -> 'goal_on' ? event or v.program -> 'exit_on' ? event
    order by at
    limit $3
) as deed
where j.id = any($1::text[])
order by j.id, deed.at;

-- name: latest_document
-- What is worked on, or else what is published.
select coalesce(
    (select document from working_versions where conversation = $1),
    (select v.document from conversations c join versions v on v.id = c.published where c.code = $1)) as document;
