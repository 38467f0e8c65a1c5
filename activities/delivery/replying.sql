-- Every query of replies to the words STOP and HELP.

-- name: end_earlier
-- A stop is a new one when the one before it no longer holds, or its reply certainly never left; help may be asked again
-- after a while.
update replies set ended_at = now()
where ended_at is null and state not in ('ready', 'sending') and kind = :kind and digest in (select digests(:address))
  and case
      when state in ('refused', 'left') then true
      when kind = 'help' then made_at < now() - :again_after::interval
      else not exists (select from suppressions where channel = :channel and address = :address)
           and not exists (select from kept_refusals where channel = :channel and digest in (select digests(:address))
                           and suppressed_for is not null) end;

-- name: ask
-- None for what was written too long ago, and none beside another. Of two at once the unique index lets one through.
insert into replies (event_id, kind, digest, address, give_up_at)
select id, :kind, new_digest(:address), :address, happened_at + :within::interval
from message_events
where id = :event_id and happened_at + :within::interval > now()
  and not exists (
      select from replies
      where ended_at is null and kind = :kind and digest in (select digests(:address)))
on conflict (kind, digest) where ended_at is null do nothing;

-- name: leave
-- They say start before their stop was replied to: that they get no more would not be true.
update replies set state = 'left', address = null, settled_at = now(), ended_at = now()
where state = 'ready' and kind = 'stop' and digest in (select digests(:address));

-- name: close
-- What is too late by now, or not ours to send, is left; of an attempt that is gone nobody knows.
update replies
set state = case state when 'ready' then 'left' else 'unknown' end, address = null, holder = null, lease_until = null, settled_at = now()
where state = 'ready' and (not :ours or give_up_at <= now()) or state = 'sending' and lease_until <= now();

-- name: take
-- Take the right to send some that are due, unless their sender is stopped: text messages have one for all. The shop is the
-- one that the person has been in touch with last; else the oldest.
with taken as (
    update replies set state = 'sending', holder = :holder, lease_until = now() + :length::interval
    where event_id in (
        select event_id from replies where state = 'ready' and next_at <= now() and give_up_at > now()
          and not exists (select from stopped_senders where channel = :channel)
        order by give_up_at limit :most for update skip locked)
    returning event_id, kind, address
)
select t.event_id, t.kind, t.address, c.attributes ->> 'language' as language,
       coalesce(s.name, s.id) as shop, coalesce(s.url, 'https://' || s.id) as shop_url
from taken t
left join message_events e on e.id = t.event_id
left join contacts c on c.id = e.contact_id
left join lateral (
    select stores.* from stores left join journeys j on j.store_id = stores.id and j.contact_id = c.id
    order by j.entered_at desc nulls last, stores.created_at, stores.id limit 1) s on true;

-- name: renew
-- The provider is ready: the whole time is for the sending. Whether the sender was stopped meanwhile. No row: the number
-- was erased, or the reply given up.
update replies set lease_until = now() + :length::interval
where event_id = :event_id and holder = :holder and state = 'sending'
returning exists (select from stopped_senders where channel = :channel) as stopped;

-- name: settle
-- Safe to repeat. A reply that was not taken is ready again.
update replies
set state = :state, holder = null, lease_until = null, next_at = now() + :pause::interval,
    address = case when :state = 'ready' then address end, settled_at = case when :state <> 'ready' then now() end
where event_id = :event_id and holder = :holder;

-- name: stop_sender
-- Its sender is at fault, so nothing leaves on the channel until that is mended; this one is ready for then. Safe to repeat.
with given_back as (
    update replies set state = 'ready', holder = null, lease_until = null
    where event_id = :event_id and holder = :holder returning event_id
)
insert into stopped_senders (channel, why, found_by_reply)
select :channel, :why, event_id from given_back
on conflict do nothing;
