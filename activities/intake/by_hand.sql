-- Every query about when it is now, for what is said by hand.

-- name: hold_products
-- Whatever changes a product's stock or prices holds its row, in a fixed order.
select from products
where store_id = :store_id
  and product_id = any(array(
      select :product_id::text
      union all select product_id from variants where store_id = :store_id and stock_item = any(:items::text[])
      union all select product_id from variants where store_id = :store_id and variant_id = any(:variant_ids::text[])))
order by product_id
for no key update;

-- name: newest_observation
-- Of everything that is known of these items and of this product, by the clocks of those who told it.
select max(observed_at)
from (
    select observed_at from products where store_id = :store_id and product_id = :product_id
    union all
    select greatest(total_observed_at, told_at) from variants where store_id = :store_id and product_id = :product_id
    union all
    select greatest(total_observed_at, told_at) from variants where store_id = :store_id and stock_item = any(:items::text[])
    union all
    select greatest(total_observed_at, told_at) from variants where store_id = :store_id and variant_id = any(:variant_ids::text[])
    union all
    select s.observed_at from stock s where s.store_id = :store_id and s.inventory_item_id = any(:items::text[])
    union all
    select s.observed_at
    from variants v join stock s on s.store_id = v.store_id and s.inventory_item_id = v.inventory_item_id
    where v.store_id = :store_id and v.product_id = :product_id
) known;
