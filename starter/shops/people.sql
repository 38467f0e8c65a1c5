-- Every query of what is done with one person by hand.

-- name: contact_by
-- Locked against an erasure of the same moment. A number that was only typed beside an address names nobody.
select id, email, phone from contacts
where (id = :who or email = lower(:who) or phone = :who and not phone_lent) and is_of(id, :stores) for no key update;

-- name: report
select c.id as contact, c.attributes,
       array(select tag from contact_tags where contact_id = c.id order by tag) as tags,
       array(select list_code from list_members where contact_id = c.id order by list_code) as lists,
       (select granted from consents where contact_id = c.id and channel = :email order by id desc limit 1) as consent,
       (select reason from suppressions s where s.channel = :email and s.address = c.email) as suppressed,
       c.phone is not null as has_phone,
       (select granted from consents where contact_id = c.id and channel = :sms order by id desc limit 1) as sms_consent,
       (select reason from suppressions s where s.channel = :sms and s.address = c.phone) as sms_suppressed,
       (select coalesce(jsonb_agg(to_jsonb(t) - array['id', 'contact_id', 'text_digest', 'address_digest', 'network_digest']
                                  order by t.id), '[]')
        from consents t where contact_id = c.id) as consents,
       case when c.paused_until > now() then c.paused_until end as paused_until
from contacts c where c.id = :contact_id;

-- name: export
-- Of all stores, or of one (:store_id): then what is of others alone is left out, and what holds in all stores is there.
with of_them as (
    select id from journeys where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)
)
select now() as exported_at,
       (select to_jsonb(c) from contacts c where id = :contact_id) as contact,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.id), '[]')
        from consents t where contact_id = :contact_id) as consents,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'token' order by t.asked_at), '[]')
        from confirmations t where journey_id in (select id from of_them)) as confirmations,
       (select coalesce(jsonb_agg(to_jsonb(t) - array['token', 'contact_id'] order by t.id), '[]')
        from address_changes t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as address_changes,
       (select coalesce(jsonb_agg(to_jsonb(t) - array['token', 'contact_id'] order by t.made_at), '[]')
        from shopper_links t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as links,
       (select coalesce(jsonb_agg(to_jsonb(t) order by t.channel), '[]')
        from suppressions t join contacts c on t.address in (c.email, c.phone) and c.id = :contact_id) as suppressions,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.joined_at), '[]')
        from list_members t where contact_id = :contact_id
         and (:store_id::text is null or not starts_with(source, 'event/') or source = 'event/' || :store_id)) as lists,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.tag), '[]')
        from contact_tags t where contact_id = :contact_id) as tags,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.happened_at, t.id), '[]')
        from events t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as events,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.ordered_at, t.order_id, t.product_id), '[]')
        from orders t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as orders,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' || jsonb_build_object('credited_to', (
            select to_jsonb(c) - array['store_id', 'order_id'] from credits c
            where c.store_id = t.store_id and c.order_id = t.order_id)) order by t.ordered_at, t.order_id), '[]')
        from order_totals t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as order_totals,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.entered_at, t.id), '[]')
        from journeys t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as journeys,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.place), '[]')
        from waiting t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as sign_ups,
       (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')
        from moved_places t where journey_id in (select id from of_them)) as moves,
       (select coalesce(jsonb_agg(to_jsonb(t) - array['digest', 'contact_id'] order by t.made_at), '[]')
        from devices t where contact_id = :contact_id and (:store_id::text is null or store_id = :store_id)) as devices,
       (select coalesce(jsonb_agg(to_jsonb(t) || jsonb_build_object('coupon', (
            select code from coupons where claim_id = t.id)) order by t.id), '[]')
        from claims t where journey_id in (select id from of_them)) as places,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'token' || jsonb_build_object('message', l.send_key, 'target', l.target)
                                  order by t.used_at, t.id), '[]')
        from links l join link_uses t on t.token = l.token where l.journey_id in (select id from of_them)) as clicks,
       (select coalesce(jsonb_agg(to_jsonb(t) - array['holder', 'lease_until'] order by t.opened_at, t.key), '[]')
        from sends t where journey_id in (select id from of_them)) as messages,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'contact_id' order by t.id), '[]')
        from message_events t where contact_id = :contact_id
         and (:store_id::text is null or send_key is null or exists (
             select from sends s where s.key = t.send_key and s.journey_id in (select id from of_them)))) as message_events,
       (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')
        from revocations t join message_events e on e.id = t.event_id join contacts c on c.id = e.contact_id
        where c.id = :contact_id and (t.address is distinct from c.phone or not c.phone_lent)) as texts,
       (select coalesce(jsonb_agg(to_jsonb(t) order by t.tried_at, t.key), '[]')
        from calls t where journey_id in (select id from of_them)) as calls;

-- name: take_lent_number
select take_lent_number(:phone, :email);

-- name: set_phone
update contacts set phone = :phone, phone_lent = false where id = :contact_id;

-- name: suppress
-- The reason that stands is the first one.
insert into suppressions (channel, address, reason) values (:channel, lower(:address), :reason) on conflict do nothing;

-- name: unsuppress
-- Also what an address that was erased had said.
with lifted as (
    update kept_refusals set suppressed_for = null
    where channel = :channel and refused and suppressed_for is not null and digest in (select digests(lower(:address)))
    returning digest
), gone as (
    delete from kept_refusals
    where channel = :channel and not refused and digest in (select digests(lower(:address)))
    returning digest
), known as (
    delete from suppressions where channel = :channel and address = lower(:address) returning address
)
select (select count(*) from lifted) + (select count(*) from gone) + (select count(*) from known);
