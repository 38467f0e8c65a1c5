-- Every query of asking a shop.

-- name: now
select clock_timestamp();
