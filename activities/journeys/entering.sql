-- Every query of entering conversations without an alert.

-- name: hold_entry_triggers
-- Locked against a publication of the same moment, as alerts_in_force does.
select from conversations
where code in (select conversation from entry_triggers where event = any(:events::text[]))
order by code for share;

-- name: entry_triggers
-- The published conversations that one of these events enters in this store, each once, with the first of the events that does.
select distinct on (c.code) c.code, c.paused_at is not null as paused, t.event, v.id as version_id, v.program, v.criteria,
       v.document -> 'list' ->> 'code' as list_code
from entry_triggers t join conversations c on c.code = t.conversation join versions v on v.id = c.published
left join lists l on l.code = v.document -> 'list' ->> 'code'
where t.event = any(:events::text[]) and is_for(l.stores, :store_id)
order by c.code, array_position(:events::text[], t.event);

-- name: in_flight
-- Their journey under way in it; of carts, each is a journey of its own: that of this cart, or of one with the same things.
select j.id from journeys j
where j.conversation = :conversation and j.store_id = :store_id and j.contact_id = :contact_id and j.alert_id is null
  and j.ended_at is null
  and (:cart = '' or j.cart in ('', :cart) or journey_products(j) && :products::text[])
order by j.id limit 1;

-- name: done_since
-- Which of these contact events happened since, and would have concerned the journey, had it been entered then.
select distinct event
from contact_events_of_stay(:contact_id, :store_id, :entered_at, :entered_on, :event_id, :products, null)
where event = any(:ends::text[]);

-- name: enter
-- Nothing, if they are in it already.
with journey as (
    insert into journeys (
        id, contact_id, store_id, subject, product_id, version_id, conversation, entered_at, entered_on, event_id,
        cart)
    values (
        :journey_id, :contact_id, :store_id, :subject, :product_id, :version_id, :conversation, :entered_at, :entered_on,
        :event_id, :cart)
    on conflict (conversation, store_id, contact_id, cart) where alert_id is null and ended_at is null do nothing
    returning id
), call as (
    insert into outbox (kind, journey_id) select 'start_journey', id from journey
)
select id from journey;

-- name: cart_changed
-- The journeys under way that were entered on this cart are about what is in it now.
update journeys set product_id = :product_id, subject = :subject
where store_id = :store_id and event_id = :event_id and contact_id = :contact_id and alert_id is null and ended_at is null;
