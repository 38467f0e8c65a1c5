-- Every query of what shoppers do by the links of their mails.

-- name: visitor
select l.contact_id, l.store_id, l.of_month is null or l.made_at < now() - :open::interval as closed, c.email, c.attributes ->> 'language' as language,
       case when c.paused_until > now() then c.paused_until end as paused_until,
       (select granted from consents where contact_id = c.id and channel = :channel order by id desc limit 1) as agreed,
       coalesce(s.name, l.store_id) as shop, coalesce(s.url, 'https://' || l.store_id) as shop_url
from shopper_links l join contacts c on c.id = l.contact_id left join stores s on s.id = l.store_id
where l.token = :token;

-- name: hold_visitor
-- Against an erasure, or another word of theirs, of the same moment.
select from contacts where id = (select contact_id from shopper_links where token = :token) for no key update;

-- name: hold_contact
select from contacts where id = :contact_id for no key update;

-- name: waits
-- Those that they stand in line for and are not about to leave.
select j.id as journey_id, p.title as product_title, v.title as variant_title, v.variant_id, p.page_url, p.handle, s.source,
       w.entered_at, w.state = 'claimed' as claimed, coalesce(w.passed_over_for = 'not_confirmed', false) as unconfirmed,
       a.measure <> 'nothing' as by_offer, ahead_of(w, e.measure, :counted_to) as ahead
from waiting w
join journeys j on j.id = w.journey_id
join alerts a on a.id = w.alert_id
join stores s on s.id = w.store_id
join products p on p.store_id = j.store_id and p.product_id = j.product_id
left join variants v on v.store_id = j.store_id and j.subject = 'variant/' || v.variant_id
left join episodes e on e.alert_id = j.alert_id and e.store_id = j.store_id and e.subject = j.subject and e.closed_at is null
where w.contact_id = :contact_id and w.store_id = :store_id and w.state in ('waiting', 'claimed') and why_leaving(j) is null
order by w.entered_at, w.place;

-- name: open_journeys
-- One of theirs, or all; in line or under way.
select id from journeys
where contact_id = :contact_id and store_id = :store_id and ended_at is null and leaving is null
  and (:journey_id::text is null or id = :journey_id)
order by id;

-- name: ask_to_leave
with asked as (
    update journeys set leaving = coalesce(leaving, :reason) where id = :journey_id and ended_at is null returning id
)
insert into outbox (kind, journey_id, reason) select 'leave', id, :reason from asked;

-- name: question
select j.contact_id, j.store_id, k.erased_at is not null as erased, k.attributes ->> 'language' as language,
       coalesce(s.name, j.store_id) as shop, p.title as product_title, v.title as variant_title,
       c.confirmed_at is not null as answered,
       c.confirmed_at is null and (c.lapsed_at is not null or c.ends_at <= now() or j.ended_at is not null) as over
from confirmations c
join journeys j on j.id = c.journey_id
join contacts k on k.id = j.contact_id
join stores s on s.id = j.store_id
join products p on p.store_id = j.store_id and p.product_id = j.product_id
left join variants v on v.store_id = j.store_id and j.subject = 'variant/' || v.variant_id
where c.token = :token;

-- name: ask_address
-- By a broadcast of the newest of their places in line: the message that only this contact gets.
with line as (
    select w.journey_id from waiting w
    where w.contact_id = :contact_id and w.store_id = :store_id and w.state = 'waiting'
      and w.passed_over_for is distinct from 'not_confirmed'
      and not exists (select from contacts where email = :email)
      and not exists (select from suppressions where channel = :channel and address = :email)
      and not exists (select from kept_refusals where channel = :channel and digest in (select digests(:email)))
      and :most > (select count(*) from address_changes
                   where contact_id = :contact_id and asked_at > now() - interval '1 day')
    order by w.entered_at desc limit 1
), asked as (
    insert into address_changes (contact_id, store_id, email, token, ends_at)
    select :contact_id, :store_id, :email, :token, now() + :within::interval from line
    returning id
)
insert into outbox (kind, journey_id, message) select 'broadcast', journey_id, :message::text || id from line, asked;

-- name: hold_mover
select from contacts where id = (select contact_id from address_changes where token = :token) for no key update;

-- name: move
select coalesce(s.name, a.store_id) as shop, c.attributes ->> 'language' as language, c.erased_at is not null as erased,
       a.decided_at is null and a.ends_at > now() and a.email is not null
       and not exists (select from contacts where email = a.email) as open,
       a.decided_at is not null as moved
from address_changes a join contacts c on c.id = a.contact_id left join stores s on s.id = a.store_id
where a.token = :token;

-- name: set_address
-- Other requests of the same contact are over with this one, and what lies in the old mailbox opens their page no more.
-- No request keeps an address: the contact has it, or nobody does.
with agreed as (
    select id, contact_id, email from address_changes where token = :token
), decided as (
    update address_changes a set decided_at = now(), email = null from agreed where a.id = agreed.id
), others as (
    update address_changes o set ends_at = least(o.ends_at, now()), email = null from agreed
    where o.contact_id = agreed.contact_id and o.id <> agreed.id and o.decided_at is null
), closed as (
    update shopper_links l set of_month = null from agreed where l.contact_id = agreed.contact_id
)
update contacts c set email = agreed.email from agreed where c.id = agreed.contact_id;

-- name: note_address
-- The consent goes on, and on record is that the new address agreed.
insert into consents (contact_id, channel, granted, source, confirmed)
select a.contact_id, :channel::text, true, :source, true from address_changes a
where a.token = :token
  and (select granted from consents where contact_id = a.contact_id and channel = :channel order by id desc limit 1);
