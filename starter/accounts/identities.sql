-- Every query of sign-ins at the company's identity provider.

-- name: begin
-- Those that are over go on the way.
with gone as (delete from identity_requests where expires_at <= now())
insert into identity_requests (token_hash, leads_to, expires_at)
values (:token_hash, :leads_to, now() + :lasts::interval);

-- name: use_request
delete from identity_requests where token_hash = :token_hash and expires_at > now() returning leads_to;

-- name: user_of
select u.id, u.email, u.name, u.disabled_at is not null as disabled
from identities i join users u on u.id = i.user_id
where i.issuer = :issuer and i.subject = :subject for no key update of u;

-- name: user_by_email
select u.id, u.email, u.name, u.disabled_at is not null as disabled
from users u where lower(u.email) = lower(:email) for no key update;

-- name: link
insert into identities (issuer, subject, user_id) values (:issuer, :subject, :user_id)
on conflict do nothing
returning true;
