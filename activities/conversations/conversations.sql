-- Every query of entering conversations without an alert, of what journeys hear, and of what they note about contacts.

-- name: listening
-- The journeys under way that something a contact ($1) did means anything to: in its shop ($2; null: in all), by any of
-- its names ($3), since they entered ($4). An open or a click that names one of our messages ($5) is of its journey only.
select j.id, j.product_id, coalesce(v.program -> 'hears', '[]') as hears, coalesce(v.program -> 'goal_on', '[]') as goal_on,
       coalesce(v.program -> 'exit_on', '[]') as exit_on
from journeys j join versions v on v.id = j.version_id
where j.contact_id = $1 and j.ended_at is null and j.leaving is null and ($2::text is null or j.store_id = $2)
  and j.entered_at <= $4
  and ($5::text is null or $5 not like 'j-%' or split_part($5, '.', 1) = j.id)
  and (v.program -> 'hears' ?| $3::text[] or v.program -> 'goal_on' ?| $3 or v.program -> 'exit_on' ?| $3)
order by j.id
for no key update of j;

-- name: leave
with asked as (
    update journeys set leaving = $2 where id = $1 and ended_at is null and leaving is null returning id
)
insert into outbox (kind, journey_id, reason) select 'leave', id, $2 from asked;

-- name: hear
insert into outbox (kind, journey_id, payload) values ('hear', $1, $2);

-- name: hold_doors
-- Held against a publication of the same moment, as in enlist.sql.
select from conversations where code in (select conversation from entry_triggers where event = any($1::text[])) order by code for share;

-- name: doors
-- The published conversations that any of these events may enter, each once, by the first of its events.
select distinct on (c.code) c.code, c.paused_at is not null as paused, d.event, v.id as version_id, v.program, v.questions,
       v.document -> 'list' ->> 'code' as list_code
from entry_triggers d join conversations c on c.code = d.conversation join versions v on v.id = c.published
where d.event = any($1::text[])
order by c.code, array_position($1::text[], d.event);

-- name: under_way
select id from journeys
where conversation = $1 and store_id = $2 and contact_id = $3 and alert_id is null and ended_at is null;

-- name: done_since
-- Which of these ($4) the contact did in the shop since then, this event ($5) aside; bought: of this product ($6), or of
-- any. An open or a click that names one of our messages was of another journey.
select array_agg(distinct event) from contact_events($1)
where (store_id is null or store_id = $2) and done_at >= $3 and event = any($4::text[])
  and event_id is distinct from $5 and (message_id is null or message_id not like 'j-%')
  and (product_id is null or $6::text is null or product_id = $6);

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
