-- Every query of what contacts did: events, orders and the lists they joined.

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

-- name: set_order
-- What is newer stands; but an order was made when it was first said to be. Of the same second, a cancellation does: an
-- order is not taken up again.
insert into orders (store_id, order_id, contact_id, product_id, variant_id, quantity, ordered_at, cancelled, observed_at)
select $1, $2, $3, product_id, variant_id, quantity, $7, $8 or quantity = 0, $9
from unnest($4::text[], $5::text[], $6::bigint[]) as item (product_id, variant_id, quantity)
order by product_id, variant_id
on conflict (store_id, order_id, product_id, variant_id) do update
set contact_id = excluded.contact_id, quantity = excluded.quantity,
    ordered_at = least(orders.ordered_at, excluded.ordered_at),
    cancelled = excluded.cancelled or (orders.cancelled and orders.observed_at = excluded.observed_at),
    observed_at = excluded.observed_at
where orders.observed_at <= excluded.observed_at
returning product_id, cancelled, xmax = 0 as is_new;

-- name: known_order
select exists (select from orders where store_id = $1 and order_id = $2);

-- name: join_list
-- Null: there is no such list. Else whether they were not on it; the earlier time stands, whichever comes first.
with joined as (
    insert into list_members (list_code, contact_id, joined_at, source)
    select code, $2, $3, $4 from lists where code = $1
    on conflict (contact_id, list_code) do update set joined_at = excluded.joined_at, source = excluded.source
    where excluded.joined_at < list_members.joined_at
)
select not exists (select from list_members where contact_id = $2 and list_code = $1) from lists where code = $1;
