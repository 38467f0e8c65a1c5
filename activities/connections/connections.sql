-- Every query of stores whose platform is spoken to, and their secrets.

-- name: connect
insert into connections (store_id, source, settings, token_ends_at, answered_at)
values (:store_id, :source, :settings, :token_ends_at, now())
on conflict (store_id) do update
set source = excluded.source, settings = excluded.settings, token_ends_at = excluded.token_ends_at,
    answered_at = excluded.answered_at, failing_since = null, failing_why = null, connected_at = now(),
    renewed_until = null, hints_dropped = 0, hints_dropped_at = null, poll_due = now(), watch_due = now();

-- name: name_store
-- What people said of it by hand stays.
update stores
set source = :source, name = coalesce(name, :name), url = coalesce(url, :url),
    currency = coalesce(:currency, currency),
    currency_observed_at = case when :currency::text is null then currency_observed_at else now() end
where id = :store_id;

-- name: keep_secret
insert into store_secrets (store_id, purpose, sealed) values (:store_id, :purpose, :sealed)
on conflict (store_id, purpose) where ends_at is null do update set sealed = excluded.sealed, added_at = now();

-- name: forget_secret
delete from store_secrets where store_id = :store_id and purpose = :purpose;

-- name: hold_store
-- Until the end of the transaction: that a store has one catalogue is looked at by one at a time.
select id from stores where id = :store_id for no key update;

-- name: platform_of
select source from connections where store_id = :store_id;

-- name: feed_of
select name from feeds where store_id = :store_id order by name limit 1;

-- name: forget_ending
delete from store_secrets where store_id = :store_id and purpose = :purpose and ends_at is not null;

-- name: end_secret
-- The one that lasts so far gives way to another: for so long both count.
update store_secrets set ends_at = now() + :overlap::interval
where store_id = :store_id and purpose = :purpose and ends_at is null;

-- name: forget_ended
delete from store_secrets where ends_at <= now();

-- name: secrets
select purpose, sealed from store_secrets where store_id = :store_id and ends_at is null;

-- name: webhook_secrets
select c.source, s.store_id, s.sealed
from store_secrets s join connections c using (store_id)
where s.purpose = 'webhook' and (s.ends_at is null or s.ends_at > now())
order by s.id;

-- name: sealed
select id, store_id, purpose, sealed from store_secrets order by id for update;

-- name: reseal
update store_secrets set sealed = :sealed where id = :id;

-- name: hold
-- Until the end of the transaction, by whoever writes its secrets: nobody writes them in another order.
select source, settings, token_ends_at from connections where store_id = :store_id for no key update;

-- name: connection
select source, settings, token_ends_at from connections where store_id = :store_id;

-- name: hold_all
-- In one order; whoever holds several holds all.
select store_id from connections order by store_id for no key update;

-- name: begin_renewing
-- Of several processes one has the renewing of a token to itself, for so long; the row is not held meanwhile. Nothing: another
-- has it, or it was renewed already.
update connections set renewed_until = clock_timestamp() + :lasts::interval
where store_id = :store_id and token_ends_at is not distinct from :token_ends_at
  and coalesce(renewed_until <= clock_timestamp(), true)
returning renewed_until;

-- name: renewed
-- By whoever still has it to itself.
update connections set token_ends_at = :token_ends_at, renewed_until = null
where store_id = :store_id and renewed_until = :renewed_until
returning store_id;

-- name: not_renewed
update connections set renewed_until = null where store_id = :store_id and renewed_until = :renewed_until;

-- name: parted
-- Why there is no connection: the last that was done about one.
select at, details ->> 'why' as why from audit
where action = 'disconnect store' and details ->> 'store' = :store_id
order by at desc limit 1;

-- name: disconnect
with forgotten as (
    delete from hints where store_id = :store_id
)
delete from connections where store_id = :store_id returning source;

-- name: answered
update connections set answered_at = now(), failing_since = null, failing_why = null where store_id = :store_id;

-- name: failed
update connections set failing_since = coalesce(failing_since, now()), failing_why = :why where store_id = :store_id;

-- name: list
select c.store_id as store, c.source, c.connected_at, c.token_ends_at, c.answered_at, c.failing_since, c.failing_why, c.polled_at,
       c.synced_at, c.synced_count, s.heard_at, s.silent_at,
       (select min(ends_at) from store_secrets x where x.store_id = c.store_id and ends_at > now()) as old_secret_until,
       (select count(*) from hints h where h.store_id = c.store_id) as hints,
       case when c.hints_dropped_at > now() - interval '1 day' then c.hints_dropped else 0 end as hints_dropped,
       exists (select from store_secrets x where x.store_id = c.store_id and purpose = 'webhook') as sends
from connections c join stores s on s.id = c.store_id
where :store_id::text is null or c.store_id = :store_id
order by c.store_id
limit :most;

-- name: subscriptions
select store_id as store, topic, health, why, looked_at from subscriptions
where :store_id::text is null or store_id = :store_id
order by store_id, topic;
