-- Every query of the backlog: calls to Temporal that have not been made yet, and people in line.

-- name: figures
select count(*) filter (where parked_at is null) as due, count(*) filter (where parked_at is not null) as parked,
       coalesce(extract(epoch from now() - min(created_at) filter (where parked_at is null)), 0)::float8 as oldest_seconds,
       (select last_error from outbox where parked_at is not null order by parked_at desc limit 1) as last_error,
       (select coalesce(sum(count), 0)::bigint from line_counts where what = 'waiting') as waiting,
       (select count(*) from stopped_senders) as stopped_senders,
       (select count(*) from long_lines) as long_lines,
       (select count(*) from stores where silent_at is not null) as silent_stores
from outbox;

-- name: retry_parked
with again as (
    update outbox set parked_at = null, attempts = 0, next_at = now() where parked_at is not null returning id
)
select count(*) from again;
