-- Every query of reading a store's whole catalogue.

-- name: now
select now();

-- name: products
-- Those that were there before the reading began; what a webhook has told of since is not missing.
select product_id from products
where store_id = :store_id and discontinued_at is null and observed_at < :before;

-- name: synced
update connections set synced_at = :at, synced_count = :products, answered_at = now(), failing_since = null, failing_why = null
where store_id = :store_id;
