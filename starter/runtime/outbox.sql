-- Every query of the outbox: what PostgreSQL has decided and Temporal has not heard yet.

-- name: due
select id, kind, journey_id, store_id, subject, reason, message, payload, operation_id, attempts
from outbox
where parked_at is null and next_at <= now()
order by next_at, id
limit $1
for update skip locked;

-- name: done
delete from outbox where id = any($1::bigint[]);

-- name: failed
update outbox
set attempts = attempts + 1, last_error = $2,
    next_at = now() + least($3::interval, interval '0.5 s' * 2 ^ least(attempts, 10)),
    parked_at = case when $4 then now() end
where id = $1;

-- name: depth
select count(*) filter (where parked_at is null) as waiting, count(*) filter (where parked_at is not null) as parked,
       coalesce(extract(epoch from now() - min(created_at) filter (where parked_at is null)), 0)::float8 as oldest_seconds
from outbox;

-- name: forget_deliveries
delete from inbox where id in (select id from inbox where received_at < now() - $1::interval order by received_at limit $2)
returning id;
