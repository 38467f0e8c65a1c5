-- Every query of the APIs of connected stores: their secrets, and their tokens that end.

-- name: keep_secret
insert into store_secrets (store_id, purpose, sealed) values (:store_id, :purpose, :sealed)
on conflict (store_id, purpose) where ends_at is null do update set sealed = excluded.sealed, added_at = now();

-- name: forget_ending
delete from store_secrets where store_id = :store_id and purpose = :purpose and ends_at is not null;

-- name: end_secret
-- The one that lasts so far gives way to another: for so long both count.
update store_secrets set ends_at = now() + :overlap::interval
where store_id = :store_id and purpose = :purpose and ends_at is null;

-- name: secrets
select purpose, sealed from store_secrets where store_id = :store_id and ends_at is null;

-- name: hold
-- Until the end of the transaction, by whoever writes its secrets: nobody writes them in another order.
select source, settings, token_ends_at from connections where store_id = :store_id for no key update;

-- name: connection
select source, settings, token_ends_at from connections where store_id = :store_id;

-- name: begin_renewing
-- Of several processes one has the renewing of a token to itself, for so long; the row is not held meanwhile. Nothing: another
-- has it, or it was renewed already.
update connections set renewed_until = clock_timestamp() + :lasts::interval
where store_id = :store_id and token_ends_at is not distinct from :token_ends_at
  and coalesce(renewed_until <= clock_timestamp(), true)
returning renewed_until;

-- name: renewed
-- By whoever still has it to itself.
update connections set token_ends_at = :token_ends_at, renewed_until = null
where store_id = :store_id and renewed_until = :renewed_until
returning store_id;

-- name: not_renewed
update connections set renewed_until = null where store_id = :store_id and renewed_until = :renewed_until;

-- name: answered
update connections set answered_at = now(), failing_since = null, failing_why = null where store_id = :store_id;

-- name: failed
update connections set failing_since = coalesce(failing_since, now()), failing_why = :why where store_id = :store_id;
