-- Every query of sign-ins whose second factor is still to come.

-- name: begin
-- Those that are over go on the way.
with gone as (delete from pending_sign_ins where expires_at <= now())
insert into pending_sign_ins (token_hash, user_id, expires_at) values (:token_hash, :user_id, now() + :lasts::interval);

-- name: pending
select p.user_id, u.email,
       exists (select from authenticators a where a.user_id = u.id and a.confirmed_at is not null) as by_app,
       exists (select from passkeys k where k.user_id = u.id) as by_passkey
from pending_sign_ins p join users u on u.id = p.user_id
where p.token_hash = :token_hash and p.expires_at > now() and u.disabled_at is null;

-- name: end_pending
delete from pending_sign_ins p where token_hash = :token_hash and expires_at > now()
  and exists (select from users u where u.id = p.user_id and u.disabled_at is null)
returning user_id;
