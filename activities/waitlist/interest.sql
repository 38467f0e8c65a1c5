-- Every query of what somebody showed interest in.

-- name: title
select title from products where store_id = :store_id and product_id = :product_id;
