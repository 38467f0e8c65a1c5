-- Every query of products as they are stored.

-- name: product
-- A row for each of its variants at each of its locations; what a variant or location would say is null where there is none.
select p.on_sale, v.variant_id, v.stock_item as item, v.tracked, v.removed, v.policy, v.price,
       v.zero_since is not null as doubted, v.elsewhere, v.total_observed_at,
       s.location_id, s.available, s.observed_at
from products p
left join variants v on v.store_id = p.store_id and v.product_id = p.product_id
left join stock s on s.store_id = v.store_id and s.inventory_item_id = v.stock_item
where p.store_id = :store_id and p.product_id = :product_id
order by v.variant_id;

-- name: part_of_product
-- The same as `product`, of the variants only that sell these items: found by the items, for a product may have thousands.
with sellers as materialized (
    select * from variants where store_id = :store_id and stock_item = any(:items::text[])
)
select p.on_sale, v.variant_id, v.stock_item as item, v.tracked, v.removed, v.policy, v.price,
       v.zero_since is not null as doubted, v.elsewhere, v.total_observed_at,
       s.location_id, s.available, s.observed_at
from products p
join sellers v on v.product_id = p.product_id
left join stock s on s.store_id = :store_id and s.inventory_item_id = v.stock_item
where p.store_id = :store_id and p.product_id = :product_id
order by v.variant_id;

-- name: find_product
-- A product that is known, by its own id, by a variant's, or by both if they belong together.
select p.product_id
from products p
where p.store_id = :store_id
  and (:product_id::text is null or p.product_id = :product_id)
  and (:product_id::text is not null or :variant_id::text is not null)
  and (:variant_id::text is null or exists (
      select from variants v where v.store_id = :store_id and v.variant_id = :variant_id and v.product_id = p.product_id))
limit 1;

-- name: sums
-- What the product offers as a whole, for each set of locations that an alert of whole products counts; `units` null: it was not
-- looked at for them yet. Where nobody watches it as a whole any more, what was kept is forgotten: nobody keeps it up.
with watched as (
    select l.locations
    from alerts a join lists l on l.code = a.list_code
    where a.level = 'product' and watches(a, :store_id, array['product/' || :product_id::text])
    group by 1
), forgotten as (
    delete from product_sums where store_id = :store_id and product_id = :product_id and not exists (select from watched)
)
select w.locations, s.units, s.open_ended, s.prices, s.buyable
from watched w
left join product_sums s on s.store_id = :store_id and s.product_id = :product_id and s.locations is not distinct from w.locations;

-- name: keep_sums
with before as (
    delete from product_sums where store_id = :store_id and product_id = :product_id
)
insert into product_sums (store_id, product_id, locations, units, open_ended, prices, buyable)
select :store_id, :product_id, s.locations, s.units, s.open_ended, s.prices, s.buyable
from jsonb_to_recordset(:sums::jsonb)
    s (locations text[], units bigint, open_ended bigint, prices numeric[], buyable bigint[]);
