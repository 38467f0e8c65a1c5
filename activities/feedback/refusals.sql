-- Every query of refusals that come by way of a provider.

-- name: suppress
-- Of reasons of ours the gravest stands, in whatever order they come; that of somebody by hand always does.
insert into suppressions (channel, address, reason) values (:channel, :address, :reason)
on conflict (channel, address) do update set reason = excluded.reason
where array_position(array['on the provider''s list', 'bounced', 'stop', 'complained'], suppressions.reason)
    < array_position(array['on the provider''s list', 'bounced', 'stop', 'complained'], excluded.reason);

-- name: keep_refusal
insert into kept_refusals (digest, channel, refused, suppressed_for)
select new_digest(:address), :channel, :refused::boolean, :reason::text where :refused or :reason is not null
on conflict (digest, channel) do update
set refused = kept_refusals.refused or excluded.refused,
    suppressed_for = coalesce(kept_refusals.suppressed_for, excluded.suppressed_for);

-- name: take_back
-- Unless that is their word already, or they have said yes since.
insert into consents (contact_id, channel, granted, source, given_at)
select :contact_id, :channel::text, false, :source, :now::timestamptz
from contacts c
left join lateral (
    select granted, given_at from consents
    where contact_id = :contact_id and channel = :channel order by id desc limit 1) latest on true
where c.id = :contact_id and c.erased_at is null
  and latest.granted is distinct from false and coalesce(latest.given_at <= :said_at, true)
returning id;

-- name: forget_stop
with known as (
    delete from suppressions where channel = :channel and address = :address and reason = 'stop'
)
delete from kept_refusals
where channel = :channel and digest in (select digests(:address)) and coalesce(suppressed_for = 'stop', false);

-- name: give_again
-- Who said no by their stop, and yes before it.
insert into consents (contact_id, channel, granted, source, given_at)
select :contact_id, :channel::text, true, 'start', :now::timestamptz
where (select not granted and source = 'stop' from consents
       where contact_id = :contact_id and channel = :channel order by id desc limit 1)
  and exists (select from consents where contact_id = :contact_id and channel = :channel and granted);
