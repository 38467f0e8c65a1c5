-- Every query of taking events.

-- name: add_store
insert into stores (id, source) values ($1, 'api') on conflict (id) do nothing;

-- name: known_event
select contact_id, outcome from events where store_id = $1 and id = $2;

-- name: contact_by_id
-- Held against an erasure, or another event, of the same moment; as it is by an address.
select erased_at is not null as erased from contacts where id = $1 for no key update;

-- name: add_event
insert into events (
    store_id, id, kind, name, contact_id, product_id, variant_id, quantity, happened_at, properties, items, order_id,
    message_id, list_code)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (store_id, id) do nothing
returning id;

-- name: set_outcome
update events set outcome = $3 where store_id = $1 and id = $2;

-- name: merge_attributes
-- The newer event wins, whichever comes first.
update contacts
set attributes = jsonb_strip_nulls(case when $3 >= coalesce(attributes_at, $3) then attributes || $2 else $2 || attributes end),
    attributes_at = greatest(attributes_at, $3)
where id = $1
returning octet_length(attributes::text);

-- name: find_thing
-- The product that is meant, if we know it: by itself, by its variant, or by both if they belong together.
select p.product_id
from products p
where p.store_id = $1
  and ($2::text is null or p.product_id = $2)
  and ($2::text is not null or $3::text is not null)
  and ($3::text is null or exists (
      select from variants v where v.store_id = $1 and v.variant_id = $3 and v.product_id = p.product_id))
limit 1;
