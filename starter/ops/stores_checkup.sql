-- What the check-up looks at of stores.

-- name: silent
-- Those that have fallen silent, since when.
select id as store_id, heard_at, count(*) over () as stores
from stores where silent_at is not null
order by heard_at, id
limit :most;
