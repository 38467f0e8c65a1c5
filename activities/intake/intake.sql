-- Every query of the intake: what came in, what it says of products and stock, who signed up.

-- name: lock_items
-- Messages about the same inventory item are applied one after the other.
select pg_advisory_xact_lock(key)
from (select distinct hashtextextended($1 || '/' || item, 0) as key from unnest($2::text[]) item order by 1) keys;

-- name: receive
insert into inbox (store_id, source, topic, key, state, error, body)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (source, store_id, key) do update
-- What could not be read before, or was not for us, may be now that it comes again.
set state = excluded.state, error = null, body = null
where inbox.state <> 'applied' and excluded.state = 'applied'
returning id;

-- name: add_store
-- A store that was put in by hand is its storefront's from the first thing that tells.
insert into stores (id, source) values ($1, $2)
on conflict (id) do update set source = excluded.source where stores.source = 'api' and excluded.source <> 'api';

-- name: see_product
insert into products (store_id, product_id, title, handle, image_url, on_sale, observed_at, vendor, tags, collections)
values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::text[], '{}'), coalesce($10::text[], '{}'))
on conflict (store_id, product_id) do update
set title = excluded.title, handle = coalesce(excluded.handle, products.handle),
    image_url = coalesce(excluded.image_url, products.image_url), vendor = coalesce(excluded.vendor, products.vendor),
    tags = coalesce($9::text[], products.tags), collections = coalesce($10::text[], products.collections),
    on_sale = excluded.on_sale, observed_at = excluded.observed_at, discontinued_at = null
where products.observed_at <= excluded.observed_at
returning product_id;

-- name: see_variant
insert into variants (store_id, variant_id, product_id, inventory_item_id, title, sku, price, policy, tracked)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (store_id, variant_id) do update
set product_id = excluded.product_id, inventory_item_id = coalesce(excluded.inventory_item_id, variants.inventory_item_id),
    title = excluded.title, sku = excluded.sku, price = coalesce(excluded.price, variants.price),
    policy = excluded.policy, tracked = coalesce(excluded.tracked, variants.tracked), removed = false;

-- name: remove_variants_but
update variants set removed = true
where store_id = $1 and product_id = $2 and not (variant_id = any($3::text[])) and not removed;

-- name: product_gone
update products set on_sale = false, discontinued_at = $3, observed_at = greatest(observed_at, $3)
where store_id = $1 and product_id = $2 and observed_at <= $3
returning product_id;

-- name: lock_products_of_item
-- Whatever changes a product's stock or prices holds its row, in a fixed order.
select product_id from products
where store_id = $1 and product_id in (select product_id from variants where store_id = $1 and inventory_item_id = $2)
order by product_id
for no key update;

-- name: product
-- A row for each of its variants at each of its locations.
select p.on_sale, v.variant_id, v.tracked, v.removed, v.policy, v.price, v.elsewhere, v.total_observed_at,
       s.location_id, s.available, s.observed_at
from products p
left join variants v on v.store_id = p.store_id and v.product_id = p.product_id
left join stock s on s.store_id = v.store_id and s.inventory_item_id = v.inventory_item_id
where p.store_id = $1 and p.product_id = $2
order by v.variant_id;

-- name: variants_of_item
select variant_id from variants where store_id = $1 and product_id = $2 and inventory_item_id = $3;

-- name: set_level
insert into stock (store_id, inventory_item_id, location_id, available, observed_at)
values ($1, $2, $3, $4, $5)
on conflict (store_id, inventory_item_id, location_id) do update
set available = excluded.available, observed_at = excluded.observed_at
where stock.observed_at <= excluded.observed_at;

-- name: set_elsewhere
update variants set elsewhere = $3, total_observed_at = $4 where store_id = $1 and variant_id = $2;

-- name: item_of_variant
select inventory_item_id from variants where store_id = $1 and variant_id = $2;

-- name: give_item
update variants set inventory_item_id = coalesce(inventory_item_id, 'by-variant-' || variant_id) where store_id = $1 and variant_id = $2
returning inventory_item_id;
