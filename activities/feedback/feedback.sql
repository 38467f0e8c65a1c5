-- Every query of taking what providers tell.

-- name: look_up
-- Of each event, in order, the message it is about by our reference, and whose it is: that message's contact, or else the
-- one who has this address.
select s.key as send_key, j.id as journey_id, j.store_id, coalesce(j.contact_id, mail.id, text.id) as contact_id,
       coalesce(mail.id, text.id) is not null as known_address
from unnest(:references::text[], :addresses::text[]) with ordinality e (reference, address, number)
left join sends s on md5(s.key) = e.reference
left join journeys j on j.id = s.journey_id
left join contacts mail on mail.email = e.address
left join contacts text on text.phone = e.address
order by e.number;

-- name: hold
-- Whoever is concerned, in a fixed order, against an entry or an erasure of the same moment.
select from contacts where id = any(:contact_ids::text[]) order by id for no key update;

-- name: add
-- Those that are new, by their place among these, from 0. A provider's clock that runs ahead counts as now.
with given as (
    select * from unnest(
        :event_ids::text[], :kinds::text[], :channels::text[], :keys::text[], :contact_ids::text[], :codes::text[],
        :links::text[], :happened::timestamptz[])
    with ordinality e (event_id, kind, channel, send_key, contact_id, code, link, happened_at, number)
), added as (
    insert into message_events (provider, event_id, kind, channel, send_key, contact_id, code, link, happened_at)
    select distinct on (event_id)
           :provider, event_id, kind, channel, send_key, contact_id, code, link, least(coalesce(happened_at, now()), now())
    from given order by event_id, number
    on conflict (provider, event_id) do nothing
    returning id, event_id
)
select a.id, min(g.number)::bigint - 1 as number
from added a join given g on g.event_id = a.event_id
group by a.id order by number;

-- name: stop_sender
-- The one that the list of this message names, of e-mail; of other channels all, for lists name none. One receiver alone may
-- be wrong: so many have to refuse within this time, by domain or else by contact. What left before the sender was last
-- resumed says nothing of how it is now. What is stopped already stays.
with this as (
    select s.key, case when :channel::text = :named then coalesce(l.sender, '') end as sender
    from sends s join journeys j on j.id = s.journey_id join lists l on l.code = list_of(j)
    where s.key = :send_key
), resumed as (
    select coalesce(max(a.at), '-infinity') as at
    from audit a join this t on a.details ->> 'sender' is null or a.details ->> 'sender' = t.sender
    where a.action = 'resume sender' and a.details ->> 'channel' = :channel
), refusing as (
    select count(distinct case when :channel::text = :named then split_part(c.email, '@', 2) else c.id end) as receivers
    from this t join message_events e on e.kind = 'sender_at_fault' and e.channel = :channel
    join sends s on s.key = e.send_key join journeys j on j.id = s.journey_id join lists l on l.code = list_of(j)
    join contacts c on c.id = j.contact_id
    where e.received_at > now() - :lately::interval and coalesce(s.settled_at, now()) > (select at from resumed)
      and (t.sender is null or t.sender = coalesce(l.sender, ''))
)
insert into stopped_senders (channel, sender, why, found_by)
select :channel, t.sender, :why, t.key from this t, refusing r where r.receivers >= :receivers
on conflict do nothing;
