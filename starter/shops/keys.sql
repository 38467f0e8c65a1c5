-- Every query of API keys.

-- name: add_key
insert into api_keys (name, hash) values (:name, :hash) on conflict (name) do nothing returning name;

-- name: keys
select name, created_at, revoked_at from api_keys order by created_at, name;

-- name: revoke_key
update api_keys set revoked_at = now() where name = :name and revoked_at is null returning name;

-- name: key_by_hash
select name from api_keys where hash = :hash and revoked_at is null;
