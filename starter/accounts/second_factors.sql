-- Every query of second factors: authenticator apps, recovery codes, and what takes passkeys away with them.

-- name: second_factor
select (select a.confirmed_at from authenticators a where a.user_id = u.id) as app_since,
       (select count(*) from recovery_codes c where c.user_id = u.id and c.used_at is null) as recovery_codes_left,
       (select count(*) from passkeys p where p.user_id = u.id) as passkeys
from users u where u.id = :user_id;

-- name: has_second_factor
select exists (select from second_factors where user_id = :user_id);

-- name: add_authenticator
-- Until it is confirmed another may take its place.
insert into authenticators (user_id, sealed) values (:user_id, :sealed)
on conflict (user_id) do update set sealed = excluded.sealed, created_at = now()
where authenticators.confirmed_at is null
returning true;

-- name: authenticator
-- Whoever judges a code has it to themselves until their transaction ends.
select user_id, sealed, confirmed_at is not null as confirmed, created_at > now() - :fresh::interval as fresh
from authenticators where user_id = :user_id for no key update;

-- name: confirm
update authenticators set confirmed_at = now(), last_step = :step where user_id = :user_id and confirmed_at is null;

-- name: take_step
-- A code is taken once, and none of before it any more.
update authenticators set last_step = :step where user_id = :user_id and last_step < :step::bigint returning true;

-- name: take_recovery_code
update recovery_codes set used_at = now()
where user_id = :user_id and code_hash = :code_hash and used_at is null returning true;

-- name: remove_recovery_codes
delete from recovery_codes where user_id = :user_id;

-- name: add_recovery_codes
insert into recovery_codes (user_id, code_hash) select :user_id, unnest(:hashes::bytea[]);

-- name: remove_authenticator
delete from authenticators where user_id = :user_id;

-- name: remove_passkeys
delete from passkeys where user_id = :user_id;

-- name: sealed
select user_id, sealed from authenticators order by user_id for no key update;

-- name: reseal
update authenticators set sealed = :sealed where user_id = :user_id;
