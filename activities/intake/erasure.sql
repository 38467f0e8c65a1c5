-- Every query of forgetting people. Lock order as everywhere: contacts first of all, then products, claims, waiting.

-- name: contact_of
-- Held, so that nobody enters meanwhile. Of whom only a suppression is known, a contact is made.
select contact_of(:contact_id, :address)
where exists (select from contacts where email = :address or phone = :address)
   or exists (select from suppressions where address = :address);

-- name: came_since
select exists (select from contacts where email = :email and created_at > :moment);

-- name: contact_known
select id from contacts where email = :email;

-- name: hold_contact
-- Held, so that no shop gets to know them meanwhile. A number that was only typed beside an address is nobody's, but of whom the
-- shop names by both.
select id from contacts where email = :address or phone = :address and (not phone_lent or email = :email) for update;

-- name: known_elsewhere
-- Not by what is left of them where they were forgotten.
select exists (select from journeys where contact_id = :contact_id and store_id <> :store_id
               and not forgotten_by(store_id, :email, entered_at))
    or exists (select from events where contact_id = :contact_id and store_id <> :store_id)
    or exists (select from orders where contact_id = :contact_id and store_id <> :store_id);

-- name: shop_knows
-- Anybody (:contact_id null), or this one; not by what is left of them since it forgot them.
with known as (
    select id, coalesce(email, phone) as address from contacts where erased_at is null and (:contact_id::text is null or id = :contact_id)
)
select exists (select from journeys j join known k on k.id = j.contact_id
               where j.store_id = :store_id and not forgotten_by(j.store_id, k.address, j.entered_at))
    or exists (select from events e join known k on k.id = e.contact_id where e.store_id = :store_id)
    or exists (select from orders o join known k on k.id = o.contact_id where o.store_id = :store_id);

-- name: contacts_of_shop
-- Everyone the shop knows; `alone`: no other shop does. In a fixed order, held.
with here as (
    select contact_id from journeys where store_id = :store_id
    union select contact_id from events where store_id = :store_id
    union select contact_id from orders where store_id = :store_id
)
select c.id,
       not exists (select from journeys j where j.contact_id = c.id and j.store_id <> :store_id
                   and not forgotten_by(j.store_id, coalesce(c.email, c.phone), j.entered_at))
       and not exists (select from events e where e.contact_id = c.id and e.store_id <> :store_id)
       and not exists (select from orders o where o.contact_id = c.id and o.store_id <> :store_id) as alone
from contacts c
where c.id in (select contact_id from here) and c.erased_at is null
order by c.id
for update of c;

-- name: hold_products
-- Those whose places are passed on, as in giving up any place.
select from products p
where exists (
    select from waiting w join journeys j on j.id = w.journey_id
    where w.contact_id = any(:contact_ids::text[]) and w.state in ('waiting', 'claimed')
      and (:store_id::text is null or w.store_id = :store_id)
      and j.store_id = p.store_id and j.product_id = p.product_id)
order by store_id, product_id
for no key update;

-- name: refuse_claims
-- Returns whose units they took from.
update claims c set state = 'refused', settled_at = now()
from journeys j
where c.journey_id = j.id and c.state = 'given' and j.contact_id = any(:contact_ids::text[])
  and (:store_id::text is null or j.store_id = :store_id)
returning j.store_id, j.subject, c.item;

-- name: leave_lines
update waiting set state = 'left', reason = 'erased'
where contact_id = any(:contact_ids::text[]) and state in ('waiting', 'claimed')
  and (:store_id::text is null or store_id = :store_id)
returning store_id, subject;

-- name: ask_to_leave
insert into outbox (kind, journey_id, reason)
select 'leave', id, 'erased' from journeys
where contact_id = any(:contact_ids::text[]) and ended_at is null
  and (:store_id::text is null or store_id = :store_id);

-- name: keep_refusals
-- By the digest of the address: who says no and then asks to be forgotten has said no.
with said as (
    select distinct on (c.id, n.channel)
           coalesce(address_on(n.channel, c.email, c.phone), c.email, c.phone) as address, n.channel, not n.granted as refused
    from contacts c join consents n on n.contact_id = c.id
    where c.id = any(:contact_ids::text[])
    order by c.id, n.channel, n.id desc
), kept as (
    select address, channel, refused, null as suppressed_for from said where refused
    union all
    select s.address, s.channel, false, s.reason from suppressions s join contacts c on s.address in (c.email, c.phone)
    where c.id = any(:contact_ids::text[])
)
insert into kept_refusals (digest, channel, refused, suppressed_for)
select new_digest(address), channel, bool_or(refused), min(suppressed_for) from kept group by address, channel
on conflict (digest, channel) do update
set refused = kept_refusals.refused or excluded.refused,
    suppressed_for = coalesce(excluded.suppressed_for, kept_refusals.suppressed_for);

-- name: forget_suppressions
delete from suppressions s using contacts c where s.address in (c.email, c.phone) and c.id = any(:contact_ids::text[]);

-- name: keep_digests
-- Of the addresses, and of the ids of what is known of them: what is told of it later brings nobody back. Also where somebody
-- else wanted to be written to there.
with wanted as (
    update address_changes set email = null
    where email in (select email from contacts where id = any(:contact_ids::text[]))
), addresses as (
    insert into forgotten_addresses (digest)
    select new_digest(address) from contacts cross join unnest(array[email, phone]) address
    where id = any(:contact_ids::text[]) and address is not null
    on conflict (digest, store_id) do update set forgotten_at = now()
)
insert into forgotten_ids (store_id, kind, digest)
select store_id, 'event', new_digest(id) from events where contact_id = any(:contact_ids::text[])
union
select store_id, 'order', new_digest(order_id) from orders where contact_id = any(:contact_ids::text[])
on conflict do nothing;

-- name: keep_digest_of_address
-- Also of somebody not known yet: messages come in any order.
with wanted as (
    update address_changes set email = null where email = :address
)
insert into forgotten_addresses (digest) values (new_digest(:address))
on conflict (digest, store_id) do update set forgotten_at = now();

-- name: keep_digests_of_orders
-- Those that the shop names beside the person: we need not have been told of them yet.
insert into forgotten_ids (store_id, kind, digest)
select :store_id, 'order', new_digest(order_id) from unnest(:order_ids::text[]) order_id
on conflict do nothing;

-- name: forget_contacts
update contacts set email = null, phone = null, phone_lent = false, erased_at = now(), attributes = '{}', attributes_at = null, paused_until = null
where id = any(:contact_ids::text[]);

-- name: forget_orders
delete from orders where contact_id = any(:contact_ids::text[]);

-- name: forget_order_ids
-- Of what they paid the sums stay, of nobody and of no order any more: what messages earned does not change.
update order_totals set order_id = 'forgotten/' || encode(new_digest(order_id), 'hex')
where contact_id = any(:contact_ids::text[]) and order_id not like 'forgotten/%';

-- name: forget_sources
-- Of a consent stays that it was given, when and for what, with the digests of the words, the address and the network: a shop
-- must be able to prove it.
with moving as (
    update address_changes set email = null where contact_id = any(:contact_ids::text[])
), asked as (
    update confirmations set source = 'erased', text = null, page = null, network_digest = null
    where journey_id in (select id from journeys where contact_id = any(:contact_ids::text[]))
)
update consents set source = 'erased', text = null, page = null
where contact_id = any(:contact_ids::text[]) and source <> 'erased';

-- name: forget_events
-- They stay, of nobody any more, so that why nobody was told is known. Ids and names are the teller's own words.
with renamed as (
    update events
    set id = 'forgotten/' || encode(new_digest(id), 'hex'), properties = '{}', message_id = null, cart_id = null,
        name = case when name is null or name = 'signed_up' then name else '' end,
        order_id = case when order_id is not null then '' end
    where contact_id = any(:contact_ids::text[])
)
update journeys set event_id = 'forgotten/' || encode(new_digest(event_id), 'hex')
where contact_id = any(:contact_ids::text[]) and event_id is not null;

-- name: forget_bodies
-- What could not be read cannot be told to be about somebody else.
update inbox set body = null where body is not null and (:store_id::text is null or store_id = :store_id);

-- name: forget_lists
delete from list_members where contact_id = any(:contact_ids::text[]);

-- name: forget_tags
delete from contact_tags where contact_id = any(:contact_ids::text[]);

-- name: forget_devices
delete from devices where contact_id = any(:contact_ids::text[]);

-- name: forget_devices_of_shop
delete from devices where store_id = :store_id and contact_id = any(:contact_ids::text[]);

-- name: forget_clicks
-- On messages to them. The links lead on; what is asked for from now on is of nobody.
delete from link_uses where token in (
    select token from links where journey_id in (select id from journeys where contact_id = any(:contact_ids::text[])));

-- name: forget_clicks_of_shop
delete from link_uses where token in (
    select token from links where journey_id in (
        select id from journeys where store_id = :store_id and contact_id = any(:contact_ids::text[])));

-- name: forget_subjects
-- Of the messages that were sent to them.
update sends set subject = null
where subject is not null and journey_id in (select id from journeys where contact_id = any(:contact_ids::text[]));

-- name: forget_texts
-- What they wrote to us, and from where. What was not decided by then is a no: it is kept by their digest.
with theirs as (
    select r.id, r.channel, r.address, r.decision from revocations r
    where r.address in (select unnest(array[email, phone]) from contacts where id = any(:contact_ids::text[]))
       or r.address is not null and r.event_id in (select id from message_events where contact_id = any(:contact_ids::text[]))
), kept as (
    insert into kept_refusals (digest, channel, refused)
    select new_digest(address), channel, true from theirs where decision is null group by address, channel
    on conflict (digest, channel) do update set refused = true
)
update revocations r
set address = null, said = null, decision = coalesce(r.decision, 'confirmed'), decided_at = coalesce(r.decided_at, now()),
    decided_by = coalesce(r.decided_by, 'erasure')
from theirs where r.id = theirs.id;

-- name: forget_replies
-- Their number; what is being sent is settled without it.
update replies
set address = null, state = case state when 'ready' then 'left' else 'unknown' end, holder = null, lease_until = null, settled_at = now()
where address in (select unnest(array[email, phone]) from contacts where id = any(:contact_ids::text[]));

-- name: forget_lists_of_shop
-- What the shop told, unless another shop told the same of them.
delete from list_members m
where source = 'event/' || :store_id and contact_id = any(:contact_ids::text[])
  and not exists (
      select from events e
      where e.contact_id = m.contact_id and e.kind = 'joined_list' and e.list_code = m.list_code and e.store_id <> :store_id);

-- name: keep_digests_of_shop
with addresses as (
    insert into forgotten_addresses (digest, store_id)
    select new_digest(address), :store_id from contacts cross join unnest(array[email, phone]) address
    where id = any(:contact_ids::text[]) and address is not null
    on conflict (digest, store_id) do update set forgotten_at = now()
)
insert into forgotten_ids (store_id, kind, digest)
select store_id, 'event', new_digest(id) from events where store_id = :store_id and contact_id = any(:contact_ids::text[])
union
select store_id, 'order', new_digest(order_id) from orders where store_id = :store_id and contact_id = any(:contact_ids::text[])
on conflict do nothing;

-- name: forget_orders_of_shop
with totals as (
    update order_totals set order_id = 'forgotten/' || encode(new_digest(order_id), 'hex')
    where store_id = :store_id and contact_id = any(:contact_ids::text[]) and order_id not like 'forgotten/%'
)
delete from orders where store_id = :store_id and contact_id = any(:contact_ids::text[]);

-- name: forget_events_of_shop
delete from events where store_id = :store_id and contact_id = any(:contact_ids::text[]);

-- name: forget_words_of_shop
-- Those that its journeys keep of them: the id of an event, which is the teller's own, subjects of messages, what they were
-- shown when they were asked whether it was them; and the address that they named on their page of this shop.
with theirs as (
    select id from journeys where store_id = :store_id and contact_id = any(:contact_ids::text[])
), renamed as (
    update journeys set event_id = 'forgotten/' || encode(new_digest(event_id), 'hex')
    where id in (select id from theirs) and event_id not like 'forgotten/%'
), moving as (
    update address_changes set email = null where store_id = :store_id and contact_id = any(:contact_ids::text[])
), asked as (
    update confirmations set source = 'erased', text = null, page = null, network_digest = null
    where journey_id in (select id from theirs)
)
update sends set subject = null where subject is not null and journey_id in (select id from theirs);

-- name: forget_connection
-- Its token and secrets, and how its subscriptions were, go with the connection.
with forgotten as (
    delete from hints where store_id = :store_id
)
delete from connections where store_id = :store_id returning source;
