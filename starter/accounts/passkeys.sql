-- Every query of passkeys.

-- name: add_challenge
-- Those that are over go on the way.
with gone as (delete from passkey_challenges where expires_at <= now())
insert into passkey_challenges (challenge, purpose, user_id, expires_at)
values (:challenge, :purpose, :user_id, now() + :lasts::interval);

-- name: use_challenge
-- Each once, for what and whom it was made.
delete from passkey_challenges
where challenge = :challenge and purpose = :purpose and user_id is not distinct from :user_id::text
  and expires_at > now()
returning true;

-- name: passkeys
select id, name, created_at, last_used_at from passkeys where user_id = :user_id order by created_at, id;

-- name: credentials
select credential_id from passkeys where user_id = :user_id order by id;

-- name: passkey
-- Whoever verifies what it signed has it to themselves until their transaction ends.
select p.id, p.user_id, p.public_key, p.sign_count from passkeys p join users u on u.id = p.user_id
where p.credential_id = :credential_id and u.disabled_at is null for no key update;

-- name: note_use
update passkeys set last_used_at = now(), sign_count = :sign_count where id = :id;

-- name: add_passkey
insert into passkeys (user_id, credential_id, public_key, sign_count, name)
values (:user_id, :credential_id, :public_key, :sign_count, :name)
on conflict (credential_id) do nothing
returning true;

-- name: remove_passkey
delete from passkeys where id = :id and user_id = :user_id returning name;
