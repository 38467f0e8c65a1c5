-- Every query of the metrics, beside the outbox's own.

-- name: waiting
select count(*) from waiting where state = 'waiting';
