-- Every query of attempts.

-- name: count_attempt
-- One more within the window that the first one began; those of long ago go on the way.
with gone as (
    delete from sign_in_attempts where since < now() - 96 * :window::interval and counted_hash <> :counted
)
insert into sign_in_attempts (counted_hash, since, attempts) values (:counted, now(), 1)
on conflict (counted_hash) do update set
    attempts = case when sign_in_attempts.since > now() - :window::interval then sign_in_attempts.attempts + 1 else 1 end,
    since = case when sign_in_attempts.since > now() - :window::interval then sign_in_attempts.since else now() end
returning attempts, since;

-- name: take_back
-- It was right.
update sign_in_attempts set attempts = greatest(attempts - 1, 0)
where counted_hash in (
    select counted_hash from sign_in_attempts where counted_hash = any (:counted::bytea[])
    order by counted_hash for no key update);
