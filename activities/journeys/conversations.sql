-- Every query of entering conversations without an alert, of which journeys await what a contact did, and of what they note about contacts.

-- name: awaiting
-- The journeys under way that something a contact ($1) did means anything to, with those of its names ($5) that concern
-- each: the event ($3) or order ($4) of that shop ($2); of an order, what was bought for the first time ($6).
select j.id, mine.events, coalesce(v.program -> 'awaited', '[]') as awaited,
       coalesce(v.program -> 'goal_on', '[]') as goal_on, coalesce(v.program -> 'exit_on', '[]') as exit_on
from journeys j join versions v on v.id = j.version_id
cross join lateral (
    select array_agg(distinct event) as events from journey_contact_events
    where journey_id = j.id and store_id is not distinct from $2 and (event_id = $3 or order_id = $4)
      and event = any($5::text[]) and (product_id is null or product_id = any($6::text[]))
) as mine
where j.contact_id = $1 and j.ended_at is null and j.leaving is null and mine.events is not null
  and (v.program -> 'awaited' ?| $5::text[] or v.program -> 'goal_on' ?| $5 or v.program -> 'exit_on' ?| $5)
order by j.id
for no key update of j;

-- name: leave
with asked as (
    update journeys set leaving = $2 where id = $1 and ended_at is null and leaving is null returning id
)
insert into outbox (kind, journey_id, reason) select 'leave', id, $2 from asked;

-- name: signal_event
insert into outbox (kind, journey_id, payload) values ('contact_event', $1, $2);

-- name: hold_entry_triggers
-- Held against a publication of the same moment, as in enlist.sql.
select from conversations where code in (select conversation from entry_triggers where event = any($1::text[])) order by code for share;

-- name: entry_triggers
-- The published conversations that any of these events may enter, each once, by the first of its events.
select distinct on (c.code) c.code, c.paused_at is not null as paused, t.event, v.id as version_id, v.program, v.questions,
       v.document -> 'list' ->> 'code' as list_code
from entry_triggers t join conversations c on c.code = t.conversation join versions v on v.id = c.published
where t.event = any($1::text[])
order by c.code, array_position($1::text[], t.event);

-- name: in_flight
select id from journeys
where conversation = $1 and store_id = $2 and contact_id = $3 and alert_id is null and ended_at is null;

-- name: done_since
-- Which of these ($7) the contact did that would have concerned their journey, had they entered then.
select array_agg(distinct event) from contact_events_of_stay($1, $2, $3, $4, $5, $6, null) where event = any($7::text[]);

-- name: enter
-- Nothing, if they are in it already.
with journey as (
    insert into journeys (
        id, contact_id, store_id, subject, product_id, version_id, conversation, entered_at, entered_on, event_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict (conversation, store_id, contact_id) where alert_id is null and ended_at is null do nothing
    returning id
), call as (
    insert into outbox (kind, journey_id) select 'start_journey', id from journey
)
select id from journey;

-- name: time_zones
-- By the contact's own attribute, and by the list of their alert or conversation.
select c.attributes ->> 'time_zone' as own, l.time_zone as of_list
from journeys j join contacts c on c.id = j.contact_id join versions v on v.id = j.version_id
left join alerts a on a.id = j.alert_id
left join lists l on l.code = coalesce(a.list_code, v.document -> 'list' ->> 'code')
where j.id = $1;

-- name: whose
-- The contact of a journey, and the shop; held against an erasure, or another note, of the same moment.
select j.contact_id, j.store_id, c.erased_at is not null as erased
from journeys j join contacts c on c.id = j.contact_id
where j.id = $1
for no key update of c;

-- name: set_attribute
-- What is newer wins, as with events; never more than all of a contact's attributes may be ($4, bytes).
update contacts c
set attributes = changed.attributes, attributes_at = greatest(c.attributes_at, $3)
from (
    select id, jsonb_strip_nulls(
               case when $3 >= coalesce(attributes_at, $3) then attributes || $2 else $2 || attributes end) as attributes
    from contacts where id = $1
) changed
where c.id = changed.id and octet_length(changed.attributes::text) <= $4
returning c.id;

-- name: add_tag
insert into contact_tags (contact_id, tag, tagged_at) values ($1, $2, $3) on conflict do nothing;
