-- Every query of ops about waiting lists: who waits, files, what feeds an alert, and who is written to once.

-- name: count
select coalesce(sum(people), 0)::bigint as total, coalesce(sum(unconfirmed), 0)::bigint as unconfirmed,
       min(g.since) as long_since
from chosen_lines(:store_id, :variant_id, :product_id, :alert) left join long_lines g using (alert_id, store_id, subject);

-- name: line
-- Who is in line, in order of place, without those whose place does not count yet. Null means any. Of each line no more is
-- read than is shown.
select w.journey_id, w.contact_id, w.store_id, w.subject, j.product_id, p.title as product_title, w.alert_id as alert,
       w.entered_at, j.window_ends_at, w.quantity, w.state = 'claimed' as claimed, case when :addresses then c.email end as email,
       case when :addresses then c.phone end as phone,
       :addresses and coalesce((select granted from consents where contact_id = c.id and channel = :sms order by id desc limit 1), false)
           as sms_consent, w.number as place
from (select l.*, a.newest_first from chosen_lines(:store_id, :variant_id, :product_id, :alert) l join alerts a on a.id = l.alert_id order by l.alert_id, l.store_id, l.subject) l
cross join lateral (
    select s.*, row_number() over (
        order by s.state = 'claimed' desc, extract(epoch from s.entered_at) * case when l.newest_first then -1 else 1 end,
                 s.place * case when l.newest_first then -1 else 1 end) as number
    from (
        select * from waiting
        where store_id = l.store_id and subject = l.subject and alert_id = l.alert_id and state = 'claimed' and passed_over_for is null
        union all
        (select * from waiting
         where store_id = l.store_id and subject = l.subject and alert_id = l.alert_id and state = 'waiting' and not l.newest_first
           and passed_over_for is distinct from 'not_confirmed'
         order by entered_at, place limit :most)
        union all
        (select * from waiting
         where store_id = l.store_id and subject = l.subject and alert_id = l.alert_id and state = 'waiting' and l.newest_first
           and passed_over_for is distinct from 'not_confirmed'
         order by entered_at desc, place desc limit :most)
    ) s
) w
join journeys j on j.id = w.journey_id
join products p on p.store_id = j.store_id and p.product_id = j.product_id
join contacts c on c.id = w.contact_id
order by l.alert_id, l.store_id, l.subject, w.number
limit :most;

-- name: variants_by_id
select variant_id, product_id, sku, removed from variants where store_id = :store_id and variant_id = any(:ids::text[]);

-- name: variants_by_sku
select variant_id, product_id, sku, removed from variants where store_id = :store_id and sku = any(:skus::text[])
order by variant_id;

-- name: variants_by_product
select variant_id, product_id, sku, removed from variants where store_id = :store_id and product_id = any(:ids::text[])
order by variant_id;

-- name: products
select product_id from products where store_id = :store_id and product_id = any(:ids::text[]);

-- name: people_of_events
-- Everyone with an event of these kinds in these stores since then, in the order of their first. Of custom events only the sign-ups to
-- this list that came while all its messages were drafts.
select e.contact_id
from events e join contacts c on c.id = e.contact_id
where e.kind = any(:kinds::text[]) and e.happened_at >= :since and c.erased_at is null and is_for(:stores::text[], e.store_id)
  and (e.kind <> 'custom'
       or (e.name = :signed_up and e.properties ->> 'list' = :list_code and e.outcome -> 'alerts' -> 0 ->> 'reason' = :draft))
group by e.contact_id
order by min(e.happened_at), e.contact_id;

-- name: events_of_people
-- The same events of these contacts, a row for each known product or variant that one is about. A product with a single
-- variant means that variant.
select e.contact_id, e.store_id, e.happened_at, p.product_id,
       coalesce(thing.variant_id, (
           select min(v.variant_id) from variants v
           where v.store_id = e.store_id and v.product_id = p.product_id and not v.removed having count(*) = 1)) as variant_id,
       case when e.kind = 'custom' and e.properties ->> 'quantity' ~ '^[1-9][0-9]{0,2}$'
            then (e.properties ->> 'quantity')::integer end as quantity
from events e
cross join lateral (
    select e.product_id, e.variant_id where e.product_id is not null or e.variant_id is not null
    union all
    select item ->> 'product', item ->> 'variant'
    from jsonb_array_elements(e.items) as item
    where e.product_id is null and e.variant_id is null
) as thing (product_id, variant_id)
join products p
  on p.store_id = e.store_id
 and (thing.product_id is null or p.product_id = thing.product_id)
 and (thing.variant_id is null or exists (
         select from variants v
         where v.store_id = e.store_id and v.variant_id = thing.variant_id and v.product_id = p.product_id))
where e.contact_id = any(:contacts::text[]) and e.kind = any(:kinds::text[]) and e.happened_at >= :since
  and is_for(:stores::text[], e.store_id)
  and (e.kind <> 'custom'
       or (e.name = :signed_up and e.properties ->> 'list' = :list_code and e.outcome -> 'alerts' -> 0 ->> 'reason' = :draft))
order by e.contact_id, e.happened_at, e.received_at, e.id, p.product_id, thing.variant_id;

-- name: recipients
-- Everyone in these lines, and whether they would get the message now; if not, why not.
select w.journey_id,
       case when w.state = 'claimed' then 'called_forward'
            when not v.document -> 'messages' ? :message then 'lacking'
            when exists (select from sends s where s.key = w.journey_id || '/broadcast/' || :message || '/0')
              or exists (select from outbox o where o.kind = 'broadcast' and o.journey_id = w.journey_id and o.message = :message)
                then 'sent_before'
            else 'to_hear' end as status
from waiting w
join journeys j on j.id = w.journey_id
join versions v on v.id = j.version_id
where w.state in ('waiting', 'claimed') and w.store_id = :store_id and w.passed_over_for is distinct from 'not_confirmed'
  and (:variant_id::text is null or w.subject = 'variant/' || :variant_id)
  and (:product_id::text is null or j.product_id = :product_id)
  and (:alert::text is null or w.alert_id = :alert)
order by w.entered_at, w.place;

-- name: broadcast
insert into outbox (kind, journey_id, message) select 'broadcast', id, :message from unnest(:journeys::text[]) with ordinality as recipient (id, n)
order by n;

-- name: known_message
select exists (
    select from versions v join conversations c on c.code = v.conversation where v.document -> 'messages' ? :message);

-- name: known_product_or_variant
select exists (select from products where store_id = :store_id and product_id = :product_id)
    or exists (select from variants where store_id = :store_id and variant_id = :variant_id);

-- name: successor
-- Of the one variant or product that is looked at; null: of several, or there is none.
select successor_of(:store_id, coalesce('variant/' || :variant_id, 'product/' || :product_id));
