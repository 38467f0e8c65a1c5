-- Every query of levels that are gathered.

-- name: product_of_item
-- Of several that sell its units, one: the same for all who ask.
select product_id from variants where store_id = :store_id and stock_item = :item order by product_id limit 1;
