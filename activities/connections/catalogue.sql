-- Every query of reading a store's whole catalogue.

-- name: products
-- Asked before the reading: by the shop's clock nothing says whether a webhook told of one during it.
select product_id from products where store_id = :store_id and discontinued_at is null;

-- name: synced
update connections set synced_at = :at, synced_count = :products, answered_at = now(), failing_since = null, failing_why = null
where store_id = :store_id;
