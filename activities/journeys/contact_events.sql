-- Every query of passing a contact event to the journeys under way that it concerns.

-- name: awaiting
-- The contact's journeys under way whose version names one of these contact events, each with those that concern it: of the
-- event or order of that store; and of an order, for the products that are reported for the first time.
select j.id, mine.events, coalesce(v.program -> 'awaited', '[]') as awaited,
       coalesce(v.program -> 'goal_on', '[]') as goal_on, coalesce(v.program -> 'exit_on', '[]') as exit_on
from journeys j join versions v on v.id = j.version_id
cross join lateral (
    select array_agg(distinct event) as events from journey_contact_events
    where journey_id = j.id and store_id is not distinct from :store_id and (event_id = :event_id or order_id = :order_id)
      and event = any(:names::text[]) and (product_id is null or product_id = any(:bought::text[]))
) as mine
where j.contact_id = :contact_id and j.ended_at is null and j.leaving is null and mine.events is not null
  and (v.program -> 'awaited' ?| :names::text[] or v.program -> 'goal_on' ?| :names or v.program -> 'exit_on' ?| :names)
order by j.id
for no key update of j;

-- name: leave
with asked as (
    update journeys set leaving = :reason where id = :journey_id and ended_at is null and leaving is null returning id
)
insert into outbox (kind, journey_id, reason) select 'leave', id, :reason from asked;

-- name: signal_event
insert into outbox (kind, journey_id, payload) values ('contact_event', :journey_id, :payload);
