-- Every query of the dispatcher: calls to Temporal that are due, and what became of them.

-- name: due
select id, kind, journey_id, store_id, subject, reason, message, payload, operation_id, attempts
from outbox
where parked_at is null and next_at <= now()
order by next_at, id
limit :most
for update skip locked;

-- name: done
delete from outbox where id = any(:ids::bigint[]);

-- name: failed
update outbox
set attempts = attempts + 1, last_error = :error,
    next_at = now() + least(:longest::interval, interval '0.5 s' * 2 ^ least(attempts, 10)),
    parked_at = case when :parks then now() end
where id = :id;

-- name: forget_deliveries
delete from inbox where id in (select id from inbox where received_at < now() - :age::interval order by received_at limit :most)
returning id;
