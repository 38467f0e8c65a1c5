-- Every query of connecting stores and disconnecting them.

-- name: connect
insert into connections (store_id, source, settings, token_ends_at, answered_at)
values (:store_id, :source, :settings, :token_ends_at, now())
on conflict (store_id) do update
set source = excluded.source, settings = excluded.settings, token_ends_at = excluded.token_ends_at,
    answered_at = excluded.answered_at, failing_since = null, failing_why = null, connected_at = now(),
    renewed_until = null, hints_dropped = 0, hints_dropped_at = null, poll_due = now(), watch_due = now(),
    -- Orders go on where they were: those made while nobody could ask are not lost.
    orders_due = now(), orders_refused = null;

-- name: settings
select settings from connections where store_id = :store_id and source = :source for update;

-- name: name_store
-- What people said of it by hand stays.
update stores
set source = :source, name = coalesce(name, :name), url = coalesce(url, :url),
    currency = coalesce(:currency, currency),
    currency_observed_at = case when :currency::text is null then currency_observed_at else now() end
where id = :store_id;

-- name: forget_secret
delete from store_secrets where store_id = :store_id and purpose = :purpose;

-- name: disconnect
with forgotten as (
    delete from hints where store_id = :store_id
)
delete from connections where store_id = :store_id returning source;

-- name: hold_all
-- In one order; whoever holds several holds all.
select store_id from connections order by store_id for no key update;

-- name: forget_ended
delete from store_secrets where ends_at <= now();

-- name: sealed
select id, store_id, purpose, sealed from store_secrets order by id for update;

-- name: reseal
update store_secrets set sealed = :sealed where id = :id;
