-- name: waiting
select count(*) from waiting where state = 'waiting';

-- name: retry_parked
with again as (
    update outbox set parked_at = null, attempts = 0, next_at = now() where parked_at is not null returning id
)
select count(*) from again;
