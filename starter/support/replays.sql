-- Every query of the replay of one journey.

-- name: messages
select step, round, message, subject, settled_at, opened_at from sends where journey_id = :journey_id order by round, opened_at;

-- name: title
select title from products where store_id = :store_id and product_id = :product_id;
