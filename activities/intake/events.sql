-- Every query of recording events.

-- name: known_event
-- One that was erased is known by its digest, and whose it was is not.
select contact_id, outcome from events where store_id = :store_id and id = :event_id
union all
select null, '{}' from forgotten_ids
where store_id = :store_id and kind = 'event' and digest in (select digests(:event_id))
limit 1;

-- name: contact_by_id
-- Locked against an erasure or another event of the same moment, as a contact is that is found by address.
select erased_at is not null as erased from contacts where id = :contact_id
  and (:stores::text[] is null
       or exists (select from journeys where contact_id = :contact_id and store_id = any(:stores))
       or exists (select from events where contact_id = :contact_id and store_id = any(:stores))
       or exists (select from orders where contact_id = :contact_id and store_id = any(:stores)))
for no key update;

-- name: add_event
insert into events (
    store_id, id, kind, name, contact_id, product_id, variant_id, quantity, happened_at, told_at, properties, items,
    order_id, message_id, list_code)
values (
    :store_id, :event_id, :kind, :name, :contact_id, :product_id, :variant_id, :quantity, :happened_at, :told_at, :properties, :items,
    :order_id, :message_id, :list_code)
on conflict (store_id, id) do nothing
returning id;

-- name: set_outcome
update events set outcome = :outcome where store_id = :store_id and id = :event_id;
