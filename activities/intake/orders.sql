-- Every query of orders.

-- name: known_order
select exists (select from orders where store_id = $1 and order_id = $2);

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
