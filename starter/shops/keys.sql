-- Every query of API keys.

-- name: add_key
insert into api_keys (name, hash, scopes, stores, expires_at) values (:name, :hash, :scopes, :stores, :expires_at)
on conflict (name) do nothing
returning name;

-- name: unknown_stores
-- Those of these stores of which nothing has told so far.
select named from unnest(:stores::text[]) named where not exists (select from stores where id = named) order by named;

-- name: keys
select name, scopes, stores, created_at, expires_at, last_used_at, revoked_at from api_keys order by created_at, name;

-- name: revoke_key
update api_keys set revoked_at = now() where name = :name and revoked_at is null returning name;

-- name: key_by_hash
select name, scopes, stores, coalesce(last_used_at < now() - :precision::interval, true) as use_unnoted
from api_keys
where hash = :hash and revoked_at is null and (expires_at is null or expires_at > now());

-- name: valid_digests
select hash from api_keys where revoked_at is null and (expires_at is null or expires_at > now());

-- name: note_use
-- Of many requests at once one writes, and none waits for it.
update api_keys set last_used_at = now()
where name in (
    select name from api_keys
    where name = :name and coalesce(last_used_at < now() - :precision::interval, true)
    for no key update skip locked);
