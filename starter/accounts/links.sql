-- Every query of links that are good once.

-- name: end_links
-- Those that are over go too.
delete from sign_in_links
where (user_id is not distinct from :user_id::text and used_at is null) or expires_at < now() - interval '30 days';

-- name: add_link
insert into sign_in_links (token_hash, purpose, user_id, expires_at)
values (:token_hash, :purpose, :user_id, now() + :lasts::interval);

-- name: link
select l.purpose, l.user_id, u.email, u.name, l.expires_at
from sign_in_links l left join users u on u.id = l.user_id
where l.token_hash = :token_hash and l.used_at is null and l.expires_at > now() and u.disabled_at is null;

-- name: use_link
update sign_in_links l set used_at = now()
where token_hash = :token_hash and used_at is null and expires_at > now()
  and not exists (select from users u where u.id = l.user_id and u.disabled_at is not null)
returning purpose;
