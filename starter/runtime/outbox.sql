-- Every query of the dispatcher: calls to Temporal that are due, and what became of them.

-- name: due
-- The next of one priority: as many of each store that has any, so that no store's many hold up another's few. The stores
-- are found by one step of the index for each, however many rows lie behind them.
with recursive stores as (
    select min(store_id) as store_id from outbox where parked_at is null and priority = :priority
    union all
    select (
        select min(o.store_id) from outbox o
        where o.parked_at is null and o.priority = :priority and o.store_id > s.store_id)
    from stores s where s.store_id is not null
)
select call.*
from stores s cross join lateral (
    select id, kind, journey_id, store_id, subject, reason, message, payload, operation_id, attempts
    from outbox o
    where o.parked_at is null and o.priority = :priority and o.store_id = s.store_id and o.next_at <= now()
    order by o.next_at, o.id
    limit greatest(1, :most::bigint / (select count(store_id) from stores))
    for update skip locked
) call
where s.store_id is not null;

-- name: done
delete from outbox where id = any(:ids::bigint[]);

-- name: failed
update outbox
set attempts = attempts + 1, last_error = :error,
    next_at = now() + least(:longest::interval, interval '0.5 s' * 2 ^ least(attempts, 10)),
    parked_at = case when :parks then now() end
where id = :id;

-- name: forget_sign_up_counts
delete from sign_up_counts where day < (now() at time zone 'UTC')::date;

-- name: forget_deliveries
delete from inbox where id in (select id from inbox where received_at < now() - :age::interval order by received_at limit :most)
returning id;
