-- Every query of where feeds are read from, and when.

-- name: add
insert into feeds (store_id, name, url, format, mapping, country, in_stock_units, every, keep_share)
values (:store_id, :name, :url, :format, :mapping, :country, :in_stock_units, :every, :keep_share)
on conflict (store_id, name) do update
set url = excluded.url, format = excluded.format, mapping = excluded.mapping, country = excluded.country,
    in_stock_units = excluded.in_stock_units, every = excluded.every, keep_share = excluded.keep_share, due_at = now(), etag = null,
    last_modified = null, content = null, failures = 0, failed_with = null;

-- name: feeds
select * from feeds
where (:store_id::text is null or store_id = :store_id) and (:name::text is null or name = :name)
order by store_id, name limit 1000;

-- name: due
select store_id, name from feeds where due_at <= now() order by due_at limit 1;

-- name: try_to_hold
select pg_try_advisory_lock(hashtextextended('feed ' || :store_id || '/' || :name, 0));

-- name: let_go
select pg_advisory_unlock(hashtextextended('feed ' || :store_id || '/' || :name, 0));

-- name: applied
update feeds
set asked_at = :asked_at, read_at = :asked_at, rows = :rows, unread = :unread, etag = :etag, last_modified = :last_modified, content = :content,
    price_changes_at = :price_changes_at, due_at = least(:asked_at::timestamptz + every, :price_changes_at), failures = 0,
    failed_with = null, held_for = null, held_rows = null, held_at = null, accepted_at = null
where store_id = :store_id and name = :name;

-- name: begin_to_apply
-- Until it is applied whole, nothing that comes is as it was: also what was applied before it.
update feeds set etag = null, last_modified = null, content = null where store_id = :store_id and name = :name;

-- name: unchanged
-- It is what was applied last, whatever came and was held meanwhile.
update feeds
set asked_at = :asked_at, due_at = least(:asked_at::timestamptz + every, price_changes_at), failures = 0, failed_with = null,
    held_for = null, held_rows = null, held_at = null, accepted_at = null
where store_id = :store_id and name = :name;

-- name: held
update feeds
set asked_at = :asked_at, due_at = :asked_at::timestamptz + every, failures = 0, failed_with = null, held_for = :held_for, held_rows = :held_rows,
    held_at = case when held_for = :held_for then held_at else :asked_at end, accepted_at = null
where store_id = :store_id and name = :name;

-- name: failed
-- Tried again sooner than usual at first, then ever later.
update feeds
set asked_at = :asked_at, failures = failures + 1, failed_with = :failed_with,
    due_at = :asked_at::timestamptz + greatest(coalesce(:at_least::interval, '0'), least(
        :first_pause::interval * power(2, least(failures, 20)), greatest(every, :longest_pause::interval)))
where store_id = :store_id and name = :name;

-- name: accept
update feeds set accepted_at = now(), due_at = now() where store_id = :store_id and name = :name and held_for is not null
returning held_for;

-- name: remove
delete from feeds where store_id = :store_id and name = :name returning name;
