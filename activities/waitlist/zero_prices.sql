-- Every query of prices of 0.00 that were doubted.

-- name: due
select distinct store_id, product_id from variants where zero_since <= now() - :holds::interval order by store_id, product_id limit :most;

-- name: hold_product
select from products where store_id = :store_id and product_id = :product_id for no key update;

-- name: believe
update variants set zero_since = null
where store_id = :store_id and product_id = :product_id and zero_since <= now() - :holds::interval
returning variant_id;
