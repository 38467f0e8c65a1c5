-- Every query of orders.

-- name: known_order
select exists (select from orders where store_id = :store_id and order_id = :order_id);

-- name: set_order
-- The newest message counts, but the earliest time of ordering. Of two of the same second a cancellation counts: an order that
-- was cancelled is not taken up again.
insert into orders (store_id, order_id, contact_id, product_id, variant_id, quantity, ordered_at, cancelled, observed_at)
select :store_id, :order_id, :contact_id, product_id, variant_id, quantity, :ordered_at, :cancelled or quantity = 0, :observed_at
from unnest(:product_ids::text[], :variant_ids::text[], :quantities::bigint[]) as item (product_id, variant_id, quantity)
order by product_id, variant_id
on conflict (store_id, order_id, product_id, variant_id) do update
set contact_id = excluded.contact_id, quantity = excluded.quantity,
    ordered_at = least(orders.ordered_at, excluded.ordered_at),
    cancelled = excluded.cancelled or (orders.cancelled and orders.observed_at = excluded.observed_at),
    observed_at = excluded.observed_at
where orders.observed_at <= excluded.observed_at
returning product_id, cancelled, xmax = 0 as is_new;

-- name: cancel_order
update orders set cancelled = true, observed_at = greatest(observed_at, :at) where store_id = :store_id and order_id = :order_id
returning product_id;
