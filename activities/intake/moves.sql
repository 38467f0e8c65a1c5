-- Every query of variants that a product message names though they are of another product.

-- name: elsewhere
-- Those that are, and what to make of it. An inventory item of our own making tells nothing apart. One that is another thing
-- may be taken over only once nobody sells it or waits for it there.
select v.variant_id, v.product_id,
       case when v.told_at > :observed_at then 'stale'
            when case when v.inventory_item_id <> 'by-variant-' || v.variant_id and named.item is not null
                      then v.inventory_item_id <> named.item
                      else nullif(v.sku, '') <> nullif(named.sku, '') end
                 and not ((v.removed or p.discontinued_at is not null) and not exists (
                     select from waiting w
                     where w.store_id = v.store_id and w.subject = 'variant/' || v.variant_id and w.state in ('waiting', 'claimed')))
                then 'another_thing'
            else 'moved' end as what
from unnest(:variant_ids::text[], :items::text[], :skus::text[]) as named (variant_id, item, sku)
join variants v on v.store_id = :store_id and v.variant_id = named.variant_id
join products p on p.store_id = v.store_id and p.product_id = v.product_id
where v.product_id <> :product_id
order by v.variant_id;

-- name: hold_products
select from products where store_id = :store_id and product_id = any(:product_ids::text[]) order by product_id for no key update;

-- name: note_move
-- The product it leaves still names it if its newest message did. If the one that takes it named it before too, and was not
-- told anew without it since, the storefront stands by both.
with before as (
    delete from variants_named_twice
    where store_id = :store_id and product_id = :taken_by and variant_id = :variant_id
    returning variant_id
)
insert into variants_named_twice (store_id, product_id, variant_id, contested)
select v.store_id, v.product_id, v.variant_id, exists (select from before)
from variants v join products p on p.store_id = v.store_id and p.product_id = v.product_id
where v.store_id = :store_id and v.variant_id = :variant_id and v.product_id = :left
  and v.told_at >= p.observed_at and not v.removed
on conflict (store_id, product_id, variant_id) do update
set contested = variants_named_twice.contested or excluded.contested;

-- name: note_another_thing
insert into variants_named_twice (store_id, product_id, variant_id, contested)
values (:store_id, :product_id, :variant_id, true)
on conflict (store_id, product_id, variant_id) do update set contested = true where not variants_named_twice.contested;
