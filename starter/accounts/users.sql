-- Every query of users and their grants.

-- name: one_at_a_time
-- Whoever adds the first admin: of two at once the second sees what the first did.
select pg_advisory_xact_lock(hashtext('the first user'));

-- name: any_user
select exists (select from users);

-- name: add_user
insert into users (id, email, name, language, time_zone) values (:id, :email, :name, :language, :time_zone);

-- name: add_grant
insert into grants (user_id, role, store_id) values (:user_id, :role, :store_id)
on conflict (user_id, coalesce(store_id, '')) do update set role = excluded.role, granted_at = now()
where grants.role <> excluded.role;

-- name: remove_grants
-- All but those in these stores; of the list, null stands for all stores.
delete from grants where user_id = :user_id and coalesce(store_id, '') <> all (:kept::text[]);

-- name: users
select u.id, u.email, u.name, u.language, u.time_zone, u.password_hash is not null as has_password,
       u.id in (select f.user_id from second_factors f) as second_factor, u.created_at, u.signed_in_at, u.disabled_at,
       (select max(l.expires_at) from sign_in_links l
        where l.user_id = u.id and l.used_at is null and l.expires_at > now()) as link_ends_at,
       coalesce((
           select jsonb_agg(jsonb_build_object('role', g.role, 'store_id', g.store_id) order by g.store_id nulls first)
           from grants g where g.user_id = u.id), '[]') as grants
from users u
where (:id::text is null or u.id = :id::text) and (:email::text is null or lower(u.email) = lower(:email::text))
order by u.disabled_at is not null, lower(u.name), u.id;

-- name: to_sign_in
-- Whoever has this address, to compare a password with.
select id, email, name, password_hash, disabled_at is not null as disabled from users where lower(email) = lower(:email);

-- name: password_of
select id, email, name, password_hash, disabled_at is not null as disabled from users where id = :user_id;

-- name: still_theirs
-- Whether nothing was changed since the password was compared; nothing is, until the transaction ends.
select true from users where id = :user_id and password_hash = :password_hash and disabled_at is null for no key update;

-- name: hold
-- Whoever changes by what somebody signs in has them to themselves until the transaction ends.
select id from users where id = :user_id for no key update;

-- name: set_password
update users set password_hash = :password_hash where id = :user_id;

-- name: note_sign_in
update users set signed_in_at = now() where id = :user_id;

-- name: change_details
update users set name = :name, language = :language, time_zone = :time_zone where id = :user_id;

-- name: disable
update users set disabled_at = now() where id = :user_id and disabled_at is null returning id;

-- name: enable
update users set disabled_at = null where id = :user_id and disabled_at is not null returning id;

-- name: remove_user
delete from users where id = :user_id returning id;
