-- Every query of how connections are.

-- name: list
select c.store_id as store, c.source, c.connected_at, c.token_ends_at, c.answered_at, c.failing_since, c.failing_why, c.polled_at,
       c.orders_asked_at, c.orders_refused, c.synced_at, c.synced_count, s.heard_at, s.silent_at,
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

-- name: parted
-- Why there is no connection: the last that was done about one.
select at, details ->> 'why' as why from audit
where action = 'disconnect store' and details ->> 'store' = :store_id
order by at desc limit 1;
