-- Every query of forgetting people. Lock order as everywhere: contacts first of all, then products, claims, waiting.

-- name: contact_of
-- Held, so that nobody enters meanwhile.
select id from contacts where email = :email for update;

-- name: contact_known
select id from contacts where email = :email;

-- name: contacts_of_shop
-- Everyone the shop knows; `alone`: no other shop does. In a fixed order, held.
with here as (
    select contact_id from journeys where store_id = :store_id
    union select contact_id from events where store_id = :store_id
    union select contact_id from orders where store_id = :store_id
)
select c.id,
       not exists (select from journeys j where j.contact_id = c.id and j.store_id <> :store_id)
       and not exists (select from events e where e.contact_id = c.id and e.store_id <> :store_id)
       and not exists (select from orders o where o.contact_id = c.id and o.store_id <> :store_id) as alone
from contacts c
where c.id in (select contact_id from here) and c.erased_at is null
order by c.id
for update of c;

-- name: hold_products
-- Those whose places are passed on, as in giving up any place.
select from products p
where exists (
    select from waiting w join journeys j on j.id = w.journey_id
    where w.contact_id = any(:contact_ids::text[]) and w.state in ('waiting', 'claimed')
      and (:store_id::text is null or w.store_id = :store_id)
      and j.store_id = p.store_id and j.product_id = p.product_id)
order by store_id, product_id
for no key update;

-- name: refuse_claims
-- Returns whose units they took from.
update claims c set state = 'refused', settled_at = now()
from journeys j
where c.journey_id = j.id and c.state = 'given' and j.contact_id = any(:contact_ids::text[])
  and (:store_id::text is null or j.store_id = :store_id)
returning j.store_id, j.subject, c.item;

-- name: leave_lines
update waiting set state = 'left', reason = 'erased'
where contact_id = any(:contact_ids::text[]) and state in ('waiting', 'claimed')
  and (:store_id::text is null or store_id = :store_id)
returning store_id, subject;

-- name: ask_to_leave
insert into outbox (kind, journey_id, reason)
select 'leave', id, 'erased' from journeys
where contact_id = any(:contact_ids::text[]) and ended_at is null
  and (:store_id::text is null or store_id = :store_id);

-- name: forget_suppressions
delete from suppressions where address in (select email from contacts where id = any(:contact_ids::text[]));

-- name: forget_contacts
update contacts set email = null, erased_at = now(), attributes = '{}', attributes_at = null where id = any(:contact_ids::text[]);

-- name: forget_orders
delete from orders where contact_id = any(:contact_ids::text[]);

-- name: forget_lists
delete from list_members where contact_id = any(:contact_ids::text[]);

-- name: forget_tags
delete from contact_tags where contact_id = any(:contact_ids::text[]);

-- name: forget_subjects
-- Of the messages that were sent to them.
update sends set subject = null
where subject is not null and journey_id in (select id from journeys where contact_id = any(:contact_ids::text[]));

-- name: forget_properties
-- The events stay, of nobody any more, so that one which is sent again is known and brings nobody back.
update events set properties = '{}', message_id = null, cart_id = null, order_id = case when order_id is not null then '' end
where contact_id = any(:contact_ids::text[]);

-- name: forget_lists_of_shop
-- What the shop told, unless another shop told the same of them.
delete from list_members m
where source = 'event/' || :store_id and contact_id = any(:contact_ids::text[])
  and not exists (
      select from events e
      where e.contact_id = m.contact_id and e.kind = 'joined_list' and e.list_code = m.list_code and e.store_id <> :store_id);

-- name: forget_orders_of_shop
delete from orders where store_id = :store_id;

-- name: forget_events_of_shop
delete from events where store_id = :store_id;

-- name: record
insert into audit (actor, action, details) values (:actor, :action, :details);
