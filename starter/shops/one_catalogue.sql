-- Every query about what feeds a store.

-- name: hold_store
-- Until the end of the transaction: that a store has one catalogue is looked at by one at a time.
select id from stores where id = :store_id for no key update;

-- name: platform_of
select source from connections where store_id = :store_id;

-- name: feed_of
select name from feeds where store_id = :store_id order by name limit 1;
