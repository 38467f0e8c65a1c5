-- Every query of the dispatcher: calls to Temporal that are due, and what became of them.

-- name: due
-- The next of one priority, as many of each store that has any, `most` in all: the stores in turn, those after the one that
-- was served last (`after`) first. So no store's many hold up another's few. Stores are found by one step of the index for
-- each, however many rows lie behind them, and no further than it takes.
with recursive later as (
    select min(store_id) as store_id from outbox where parked_at is null and priority = :priority and store_id > :after
    union all
    select (
        select min(o.store_id) from outbox o
        where o.parked_at is null and o.priority = :priority and o.store_id > s.store_id)
    from later s where s.store_id is not null
), earlier as (
    select min(store_id) as store_id from outbox where parked_at is null and priority = :priority and store_id <= :after
    union all
    select (
        select min(o.store_id) from outbox o
        where o.parked_at is null and o.priority = :priority and o.store_id > s.store_id and o.store_id <= :after)
    from earlier s where s.store_id is not null
), stores as (
    select store_id from later where store_id is not null
    union all
    select store_id from earlier where store_id is not null
), share as materialized (
    select greatest(1, :most::bigint / greatest(1, count(*))) as of_each from (select from stores limit :most) next
)
select call.*
from stores s cross join lateral (
    select id, kind, journey_id, store_id, subject, reason, message, payload, operation_id, attempts
    from outbox o
    where o.parked_at is null and o.priority = :priority and o.store_id = s.store_id and o.next_at <= now()
    order by o.next_at, o.id
    limit (select of_each from share)
    for update skip locked
) call
limit :most;

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

-- name: forget_used_challenges
delete from used_challenges where ends_at < now();

-- name: forget_turns
-- Of lanes that nobody waits in any more: domains that were written to say whom somebody knew.
delete from sending_turns where greatest(next_at, back_at) < now() - interval '1 hour';

-- name: forget_deliveries
delete from inbox where id in (select id from inbox where not lasting and received_at < now() - :age::interval order by received_at limit :most)
returning id;
