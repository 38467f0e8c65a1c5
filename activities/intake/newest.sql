-- Every query of which word on something is the newer.

-- name: levels
-- Of locations that may be others' too; by what comes first in the key.
select observed_at, heard_at, asked_at, inventory_item_id, location_id, available
from stock
where store_id = :store_id and inventory_item_id = any(:items::text[]) and location_id = any(:locations::text[]);

-- name: hold_product
select from products where store_id = :store_id and product_id = :product_id for no key update;

-- name: product
select observed_at, heard_at, asked_at from products where store_id = :store_id and product_id = :product_id
union all
select s.observed_at, s.heard_at, s.asked_at
from variants v join stock s on s.store_id = v.store_id and s.inventory_item_id = v.stock_item
where :levels and v.store_id = :store_id and v.product_id = :product_id;

-- name: ask_again_of_items
-- Soon, and not at once: what overtook an answer often comes in numbers. Where one is being followed, it is followed again.
select leave_hint(:store_id, product_id, variant_id, null, null, interval '2 seconds')
from (select product_id, variant_id from variants where store_id = :store_id and stock_item = any(:items::text[])
      order by product_id, variant_id) sellers;

-- name: ask_again_of_product
select leave_hint(:store_id, :product_id, null, null, null, interval '2 seconds');
