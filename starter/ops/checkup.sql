-- Every query of `shelftalk doctor`: how much waits, and what could not be read.

-- name: outbox
select count(*) filter (where parked_at is null) as waiting, count(*) filter (where parked_at is not null) as parked,
       coalesce(extract(epoch from now() - min(created_at) filter (where parked_at is null)), 0)::float8 as oldest_seconds
from outbox;

-- name: parked_error
select last_error from outbox where parked_at is not null order by parked_at desc limit 1;

-- name: malformed
select count(*) as kept, (select error from inbox where state = 'malformed' order by id desc limit 1) as last_error
from inbox where state = 'malformed';
