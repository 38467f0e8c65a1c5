-- Every query of what storefronts tell of products, variants and their stock.

-- name: lock_items
-- Messages about the same inventory item are applied one after the other: of these items, and of those that a product sells
-- already, or these variants do.
select pg_advisory_xact_lock(key)
from (
    select distinct hashtextextended(:store_id || '/' || item, 0) as key
    from (
        select unnest(:items::text[]) as item
        union select stock_item from variants where store_id = :store_id and product_id = :product_id
        union select stock_item from variants where store_id = :store_id and variant_id = any(:variant_ids::text[])
    ) told
    order by 1
) keys;

-- name: set_product
-- Nothing, if a newer message was applied before. Variants of other products that it names no more, it has given up.
with product as (
    insert into products (
        store_id, product_id, title, handle, page_url, image_url, on_sale, observed_at, vendor, tags, collections, asked_at)
    values (
        :store_id, :product_id, :title, :handle, :page_url, :image_url, :on_sale, :observed_at, :vendor, coalesce(:tags::text[], '{}'),
        coalesce(:collections::text[], '{}'), :asked_at)
    on conflict (store_id, product_id) do update
    set title = excluded.title, handle = coalesce(excluded.handle, products.handle),
        page_url = coalesce(excluded.page_url, products.page_url),
        image_url = coalesce(excluded.image_url, products.image_url), vendor = coalesce(excluded.vendor, products.vendor),
        tags = coalesce(:tags::text[], products.tags), collections = coalesce(:collections::text[], products.collections),
        on_sale = excluded.on_sale, observed_at = excluded.observed_at, discontinued_at = null,
        heard_at = clock_timestamp(), asked_at = excluded.asked_at
    where products.observed_at <= excluded.observed_at
    returning product_id
), given_up as (
    delete from variants_named_twice t using product
    where t.store_id = :store_id and t.product_id = product.product_id and not (t.variant_id = any(:variant_ids::text[]))
)
select product_id from product;

-- name: set_variant
-- A price that has become nothing is doubted for a while; one that stays nothing for no longer than that.
insert into variants (store_id, variant_id, product_id, inventory_item_id, title, sku, price, policy, tracked, told_at, zero_since)
values (
    :store_id, :variant_id, :product_id, :inventory_item_id, :title, :sku, :price, :policy, :tracked, :told_at,
    case when :price::numeric = 0 then now() end)
on conflict (store_id, variant_id) do update
set product_id = excluded.product_id, inventory_item_id = coalesce(excluded.inventory_item_id, variants.inventory_item_id),
    title = excluded.title, sku = excluded.sku, price = coalesce(excluded.price, variants.price),
    policy = excluded.policy, tracked = coalesce(excluded.tracked, variants.tracked), removed = false, told_at = excluded.told_at,
    zero_since = case when excluded.price is null or (excluded.price = 0 and variants.price = 0)
                         then variants.zero_since else excluded.zero_since end;

-- name: remove_variants_but
update variants set removed = true
where store_id = :store_id and product_id = :product_id and not (variant_id = any(:variant_ids::text[])) and not removed;

-- name: product_gone
with gone as (
    update products set on_sale = false, discontinued_at = :observed_at, observed_at = greatest(observed_at, :observed_at),
        heard_at = clock_timestamp(), asked_at = :asked_at
    where store_id = :store_id and product_id = :product_id and observed_at <= :observed_at
    returning product_id
), given_up as (
    delete from variants_named_twice t using gone where t.store_id = :store_id and t.product_id = gone.product_id
)
select product_id from gone;

-- name: lock_products_of_items
-- Whatever changes a product's stock or prices holds its row, in a fixed order. As an array, so that no plan goes through all
-- products of the store, or all variants of one, to find whose they are.
select product_id from products
where store_id = :store_id
  and product_id = any(array(select product_id from variants where store_id = :store_id and stock_item = any(:items::text[])))
order by product_id
for no key update;

-- name: set_levels
insert into stock (store_id, inventory_item_id, location_id, available, observed_at, asked_at)
select :store_id, item, location, available, observed_at, :asked_at
from unnest(:items::text[], :locations::text[], :available::bigint[], :observed_at::timestamptz[])
    told (item, location, available, observed_at)
on conflict (store_id, inventory_item_id, location_id) do update
set available = excluded.available, observed_at = excluded.observed_at, heard_at = clock_timestamp(), asked_at = excluded.asked_at
where stock.observed_at <= excluded.observed_at;

-- name: set_elsewhere
-- By place in the arrays: a join with them may be planned as if there were few, and a product has thousands.
update variants
set elsewhere = (:elsewhere::bigint[])[array_position(:variant_ids::text[], variant_id)],
    total_observed_at = (:total_observed_at::timestamptz[])[array_position(:variant_ids::text[], variant_id)]
where store_id = :store_id and variant_id = any(:variant_ids::text[]);

-- name: items_of_other_products
-- Those of these items that variants of other products sell too.
select distinct stock_item from variants
where store_id = :store_id and stock_item = any(:items::text[]) and product_id <> :product_id;
