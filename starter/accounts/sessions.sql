-- Every query of sessions.

-- name: add_session
insert into sessions (user_id, token_hash, browser, network, way)
values (:user_id, :token_hash, :browser, :network, :way);

-- name: viewer
select u.id as user_id, u.name, u.email, u.language, u.time_zone, s.id as session_id,
       s.way <> 'password' or u.id in (select f.user_id from second_factors f) as by_more_than_password,
       s.last_used_at < now() - :precision::interval as use_unnoted,
       coalesce((
           select jsonb_agg(jsonb_build_object('role', g.role, 'store_id', g.store_id) order by g.store_id nulls first)
           from grants g where g.user_id = u.id), '[]') as grants
from sessions s join users u on u.id = s.user_id
where s.token_hash = :token_hash and u.disabled_at is null
  and s.created_at > now() - :lasts::interval and s.last_used_at > now() - :idle::interval;

-- name: note_use
-- Of many requests at once one writes, and none waits for it.
update sessions set last_used_at = now()
where id in (
    select id from sessions where id = :id and last_used_at < now() - :precision::interval for no key update skip locked);

-- name: sessions
select id, browser, network, created_at, last_used_at from sessions
where user_id = :user_id and created_at > now() - :lasts::interval and last_used_at > now() - :idle::interval
order by last_used_at desc, id desc;

-- name: end_session
delete from sessions where id = :id and user_id = :user_id returning id;

-- name: end_sessions
-- Those that are still to begin, too.
with pending as (delete from pending_sign_ins where user_id = :user_id)
delete from sessions where user_id = :user_id and id is distinct from :but::bigint;

-- name: forget_sessions
delete from sessions
where created_at <= now() - :lasts::interval or last_used_at <= now() - :idle::interval;
