-- Every query of entering the waiting list.

-- name: alerts_for
-- The alerts in force that this action feeds, of one list or by one code if need be; the default list first. Held
-- against a publication of the same moment: whoever enters by the version before it is there when it looks who is under way.
select a.id, a.id as alert_id, a.action, a.level, a.window_days, a.measure, a.quantity_threshold, a.section, a.triggers, a.profile,
       a.live, l.code as list_code, l.time_zone, l.locations, l.currency, c.published
from alerts a join lists l on l.code = a.list_code join conversations c on c.code = a.conversation
where ($1::text is null or a.action = $1) and not a.retired and c.published is not null
  and ($2::text is null or a.list_code = $2) and ($3::text is null or a.id = $3)
order by (a.list_code = 'default') desc, a.id
for share of c;

-- name: product_of_variant
select product_id from variants where store_id = $1 and variant_id = $2;

-- name: only_variant
select min(variant_id) from variants where store_id = $1 and product_id = $2 and not removed having count(*) = 1;

-- name: hold_product_shared
-- Shared with others who enter, but not with a change of stock or price: one of the two sees the other.
select product_id from products where store_id = $1 and product_id = $2 for share;

-- name: hold_product
select product_id from products where store_id = $1 and product_id = $2 for no key update;

-- name: open_episode_of
select exists (select from episodes where alert_id = $1 and store_id = $2 and subject = $3 and closed_at is null);

-- name: contact
insert into contacts (id, email) values ($1, $2)
on conflict (email) do update set email = excluded.email
returning id;

-- name: consent
-- Append-only: written when nothing was said yet. An open form must not undo a no that is on record.
insert into consents (contact_id, channel, granted, source)
select $1, $2::text, true, $3
where not exists (select from consents where contact_id = $1 and channel = $2);

-- name: entry_since
-- Where they stand in line; and of those who enter late ($5), where they stood at that time or since.
select w.journey_id
from waiting w join journeys j on j.id = w.journey_id
where w.alert_id = $1 and w.contact_id = $2 and w.store_id = $3 and w.subject = $4
  and (w.state in ('waiting', 'claimed') or coalesce(j.told_at, j.ended_at, 'infinity') >= $5::timestamptz)
order by w.place desc
limit 1;

-- name: keep_sign_up
-- Once: unless the same of them was kept within a day ($10) before. One that was made earlier is kept beside it, so
-- that the earliest is there to enter by. Who signs up holds their contact, so two at once see one another.
insert into events (store_id, id, kind, name, contact_id, product_id, variant_id, happened_at, properties, outcome)
select $1, $2, 'custom', $3, $4, $5, $6, $7::timestamptz, $8, $9
where not exists (
    select from events
    where contact_id = $4 and happened_at > $7::timestamptz - $10::interval and happened_at <= $7::timestamptz
      and store_id = $1 and kind = 'custom' and name = $3 and variant_id is not distinct from $6
      and outcome -> 'alerts' -> 0 ->> 'alert' = $11 and outcome -> 'alerts' -> 0 ->> 'reason' = $12)
on conflict (store_id, id) do nothing;

-- name: entry_facts
-- What decides, beside the offer, whether a contact ($2) enters an alert ($1) for a subject ($5) of a product ($4). A purchase
-- since $7 counts; $6 is the time of what they enter for.
select exists (
           select from products where store_id = $3 and product_id = $4 and discontinued_at is not null)
       or exists (
           select from variants where store_id = $3 and 'variant/' || variant_id = $5 and removed) as gone,
       (select currency from stores where id = $3) as currency,
       exists (
           select from episodes
           where alert_id = $1 and store_id = $3 and subject = $5 and closed_at is null) as in_stock,
       -- By any alert that is told of units, whatever its list.
       exists (
           select from episodes e join alerts a on a.id = e.alert_id
           where e.store_id = $3 and e.subject = $5 and a.measure = 'nothing'
             and e.opened_at <= $6 and (e.closed_at is null or e.closed_at > $6)) as was_in_stock,
       exists (
           select from orders
           where contact_id = $2 and store_id = $3 and product_id = $4 and not cancelled and ordered_at >= $7) as bought;

-- name: enter
with journey as (
    insert into journeys (
        id, contact_id, store_id, subject, product_id, alert_id, version_id, entered_at, window_ends_at, late, conversation)
    select $1, $2, $3, $4, $5, $6, $7, $8, $9, $13, conversation from versions where id = $7
    returning id
), line as (
    insert into waiting (journey_id, alert_id, contact_id, store_id, subject, entered_at, trigger_at, armed, currency)
    select id, $6, $2, $3, $4, $8, $10, $11, $12 from journey
)
insert into outbox (kind, journey_id) select 'start_journey', id from journey;
