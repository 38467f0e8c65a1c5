-- Every query of asking shops what their webhooks do not tell.

-- name: hinted
-- The stores in turn, beginning behind the last; one look into the index for each, however many hints one has.
select c.store_id
from connections c cross join lateral (select from hints h where h.store_id = c.store_id and h.due_at <= now() limit 1) due
where c.store_id <> all (:busy::text[])
order by c.store_id <= :after, c.store_id
limit :most;

-- name: take_to_poll
-- A store is taken by moving its next time.
update connections set poll_due = now() + :pause::interval
where store_id in (
    select store_id from connections where poll_due <= now() order by poll_due limit :most for no key update skip locked)
returning store_id;

-- name: take_to_watch
update connections set watch_due = now() + :pause::interval
where store_id in (
    select store_id from connections where watch_due <= now() order by watch_due limit :most for no key update skip locked)
returning store_id;

-- name: poll_again
update connections set poll_due = now() + :pause::interval where store_id = :store_id;

-- name: watched
-- By the counts of lines, a few rows each, however long these are. Of a store with more than are asked for in one round those
-- first that were not told of for longest.
with lines as (
    select subject from line_counts
    where store_id = :store_id and what in ('waiting', 'unconfirmed', 'claimed')
    group by subject having sum(count) > 0
), things as (
    select v.product_id, v.variant_id, v.inventory_item_id, v.told_at
    from lines l join variants v on v.variant_id = substr(l.subject, length('variant/') + 1) and v.store_id = :store_id
    where l.subject like 'variant/%' and not v.removed
    union all
    select p.product_id, null, null, p.observed_at
    from lines l join products p on p.product_id = substr(l.subject, length('product/') + 1) and p.store_id = :store_id
    where l.subject like 'product/%' and p.discontinued_at is null
)
select product_id, variant_id, inventory_item_id from things
order by told_at nulls first, product_id, variant_id
limit :most;

-- name: polled
update connections set polled_at = now() where store_id = :store_id;

-- name: take_to_ask_for_orders
update connections set orders_due = now() + :pause::interval
where store_id in (
    select store_id from connections where orders_due <= now() and source = any(:sources)
    order by orders_due limit :most for no key update skip locked)
returning store_id;

-- name: orders_again
update connections set orders_due = now() + :pause::interval where store_id = :store_id returning orders_up_to;

-- name: orders_known
-- Up to this change; a page that ends before another that was read does not take it back.
update connections set orders_up_to = greatest(orders_up_to, :up_to::timestamptz), orders_due = now() + :pause::interval
where store_id = :store_id;

-- name: orders_asked
update connections set orders_asked_at = now(), orders_refused = null where store_id = :store_id;

-- name: orders_refused
update connections set orders_refused = :why where store_id = :store_id;

-- name: take_hints
-- Each is due again later, lest it be lost with whoever takes it now; one that has the whole catalogue read when that is done.
update hints set attempts = attempts + 1, due_at = now() + greatest(
    least(:pause::interval * 2 ^ least(attempts, 10), interval '1 hour'),
    case when num_nonnulls(product_id, variant_id, order_id, cart_id) = 0 then interval '15 minutes' end)
where id in (
    select id from hints where store_id = :store_id and due_at <= now() order by due_at limit :most for update skip locked)
-- Of a variant alone the product is the one that is known of it.
returning id, due_at, coalesce(product_id, (
              select v.product_id from variants v where v.store_id = hints.store_id and v.variant_id = hints.variant_id)) as product_id,
          variant_id, order_id, cart_id, now() as observed_at;

-- name: followed
-- One that came again meanwhile, or was taken by another since, is due at another time, and stays.
delete from hints h using unnest(:ids::bigint[], :due_at::timestamptz[]) followed (id, due_at)
where h.id = followed.id and h.due_at = followed.due_at;
