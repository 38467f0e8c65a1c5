-- What the check-up looks at of stores.

-- name: silent
-- Those that have fallen silent, since when.
select id as store_id, heard_at, count(*) over () as stores
from stores where silent_at is not null
order by heard_at, id
limit :most;

-- name: failing
-- Connected stores whose API does not answer for longer than it may stumble, or whose webhooks are not all there.
select c.store_id, c.failing_since, c.failing_why,
       (select count(*) from subscriptions s where s.store_id = c.store_id and s.health <> 'alive') as webhooks_missing,
       count(*) over () as stores
from connections c
where c.failing_since < now() - :stumble::interval
   or exists (select from subscriptions s where s.store_id = c.store_id and s.health <> 'alive')
order by c.failing_since nulls last, c.store_id
limit :most;

-- name: connected
select count(*) from connections;
