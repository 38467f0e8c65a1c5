-- Every query of "why not": who was considered, what is on record, and all that decides for those who wait.

-- name: contact
select id from contacts where email = :address or phone = :address;

-- name: product_of_variant
select product_id from variants where store_id = :store_id and variant_id = :variant_id;

-- name: known_product
select product_id from products where store_id = :store_id and product_id = :product_id;

-- name: entries
-- Of a contact (:contact_id) newest first, or of a product: who waits in the order they are called, then who left untold.
with subjects as (
    select 'product/' || :product_id as subject
    where :contact_id::text is null and (:stores::text[] is null or :store_id = any(:stores))
    union all
    select 'variant/' || variant_id from variants
    where :contact_id::text is null and (:stores::text[] is null or store_id = any(:stores)) and store_id = :store_id and product_id = :product_id
      and (:variant_id::text is null or variant_id = :variant_id)
), named as (
    (select id as journey_id from journeys j
     where j.contact_id = :contact_id and (:store_id::text is null or j.store_id = :store_id)
       and (:stores::text[] is null or j.store_id = any(:stores)) and (:until::timestamptz is null or j.entered_at <= :until)
       and (:product_id::text is null or j.product_id = :product_id or exists (
           select from moved_places m where m.journey_id = j.id and product_of(j.store_id, m.from_subject) = :product_id))
       and (:variant_id::text is null or j.subject in ('variant/' || :variant_id, 'product/' || j.product_id) or exists (
           select from moved_places m where m.journey_id = j.id and m.from_subject = 'variant/' || :variant_id))
     order by j.entered_at desc, j.id desc limit :most)
    union all
    select next.journey_id
    from subjects s cross join alerts a cross join lateral (
        (select journey_id from waiting
         where store_id = :store_id and subject = s.subject and alert_id = a.id and state in ('waiting', 'claimed') and not a.newest_first
         order by entered_at, place limit :most)
        union all
        (select journey_id from waiting
         where store_id = :store_id and subject = s.subject and alert_id = a.id and state in ('waiting', 'claimed') and a.newest_first
         order by entered_at desc, place desc limit :most)
        union all
        (select w.journey_id from waiting w join journeys j on j.id = w.journey_id and j.told_at is null
         where w.store_id = :store_id and w.subject = s.subject and w.alert_id = a.id and w.state = 'left'
         order by w.entered_at desc limit :most)) next
), chosen as (
    select j.*, j as journey, w as line, w.state as place, w.reason as left_reason, w.trigger_at, w.armed, w.place as number,
           w.passed_over_for, w.quantity,
           w.entered_at as in_line_since, a.newest_first, a.measure as goes_by, a.action, a.live, a.quantity_threshold, a.list_code,
           case when co.paused_at is not null then 'conversation_paused' when a.paused_at is not null then 'alert_paused' end as paused
    from named n
    join journeys j on j.id = n.journey_id
    join conversations co on co.code = j.conversation
    left join waiting w on w.journey_id = j.id
    left join alerts a on a.id = j.alert_id
    order by case when :contact_id::text is null then w.state not in ('waiting', 'claimed') end,
             case when :contact_id::text is null and w.state = 'waiting'
                  then extract(epoch from w.entered_at) * case when a.newest_first then -1 else 1 end end,
             j.entered_at desc, j.id desc
    limit :most
)
select c.id, c.contact_id, c.store_id, c.subject, c.product_id, c.alert_id,
       case when c.alert_id is null then c.conversation end as conversation, c.entered_at, c.window_ends_at, c.told_at,
       c.ended_at, coalesce(c.reason, c.left_reason) as reason, c.held_up_by,
       (select max(case c.held_up_by when 'too_frequent' then put_off_until when 'told_together' then together_until end)
        from sends where journey_id = c.id and state = 'ready') as put_off_until,
       c.place, c.passed_over_for, c.trigger_at, c.armed, c.goes_by, c.live,
       c.quantity_threshold, c.paused, l.locations, p.title as product_title, p.on_sale,
       p.discontinued_at is not null or coalesce(v.removed, false) as gone,
       e.id is not null as in_stock, open.places, e.measure, st.currency, trigger_holds(c.line, e.measure) as triggered,
       stands_back(c.line) as stands_back,
       ct.erased_at is not null as erased,
       (select coalesce(jsonb_agg(to_jsonb(each) - 'channel' order by each.channel), '[]') from channel_facts(c.journey) each) as channels,
       coalesce(c.quantity, 1) as quantity, case when c.quantity > 1 then most_for_one(e) end as free_for_one,
       case when c.quantity > 1 then most_of_one(e) end as there_for_one,
       ahead_of(c.line, e.measure, greatest(:counted_to, open.places), coalesce(e.available, 999)) as ahead, moves_of(c.id) as moves,
       case when c.place in ('waiting', 'claimed') and c.action <> 'cart' then successor_of(c.store_id, c.subject) end as successor,
       case when coalesce(c.reason, c.left_reason) = 'discontinued' and c.subject like 'variant/%' then (
           select s.successor from successors s
           where s.store_id = c.store_id and s.subject = 'product/' || c.product_id
             and variant_like(c.store_id, substr(c.subject, 9), substr(s.successor, 9)) is null) end as unlike,
       c.stays_from, (select id from journeys s where s.stays_from = c.id) as stays_as
from chosen c
join contacts ct on ct.id = c.contact_id
join stores st on st.id = c.store_id
left join lists l on l.code = c.list_code
left join products p on p.store_id = c.store_id and p.product_id = c.product_id
left join variants v on v.store_id = c.store_id and c.subject = 'variant/' || v.variant_id
left join episodes e on e.alert_id = c.alert_id and e.store_id = c.store_id and e.subject = c.subject
                    and e.closed_at is null
left join lateral (select places(e) as places) open on true
order by case when :contact_id::text is null then c.place not in ('waiting', 'claimed') end,
         case when :contact_id::text is null and c.place = 'waiting'
              then extract(epoch from c.in_line_since) * case when c.newest_first then -1 else 1 end end,
         c.entered_at desc, c.id desc;

-- name: never_entered
-- The last time each was considered for an alert on what they did, and did not enter.
select distinct on (ev.contact_id, considered.alert, considered.product, considered.variant)
       ev.contact_id, ev.store_id, ev.happened_at, considered.alert, considered.product, considered.variant,
       considered.reason, p.title as product_title
from events ev
cross join lateral jsonb_to_recordset(coalesce(ev.outcome -> 'alerts', '[]'))
    as considered (alert text, product text, variant text, result text, reason text)
join products p on p.store_id = ev.store_id and p.product_id = considered.product
where considered.result = 'not_entered' and considered.reason is not null
  and (:contact_id::text is null or ev.contact_id = :contact_id)
  and (:store_id::text is null or ev.store_id = :store_id) and (:stores::text[] is null or ev.store_id = any(:stores))
  and (:product_id::text is null or ((ev.product_id = :product_id or ev.product_id is null) and considered.product = :product_id))
  and (:variant_id::text is null or considered.variant is null or considered.variant = :variant_id)
  and not exists (
      select from journeys j
      where j.contact_id = ev.contact_id and j.store_id = ev.store_id and j.product_id = considered.product
        and j.alert_id = considered.alert and j.entered_at >= ev.happened_at)
order by ev.contact_id, considered.alert, considered.product, considered.variant, ev.happened_at desc;

-- name: turned_away
-- The last time a contact was considered for each conversation without an alert, and did not enter.
select distinct on (considered.conversation, ev.store_id)
       ev.contact_id, ev.store_id, ev.happened_at, considered.conversation, considered.reason, ev.product_id, ev.variant_id,
       p.title as product_title
from events ev
cross join lateral jsonb_to_recordset(coalesce(ev.outcome -> 'conversations', '[]'))
    as considered (conversation text, result text, reason text)
left join products p on p.store_id = ev.store_id and p.product_id = ev.product_id
where ev.contact_id = :contact_id and considered.result = 'not_entered' and considered.reason is not null
  and (:store_id::text is null or ev.store_id = :store_id) and (:stores::text[] is null or ev.store_id = any(:stores))
  and (:product_id::text is null or ev.product_id = :product_id)
  and (:variant_id::text is null or ev.variant_id = :variant_id)
  and not exists (
      select from journeys j
      where j.contact_id = ev.contact_id and j.store_id = ev.store_id and j.conversation = considered.conversation
        and j.alert_id is null and j.entered_at >= ev.happened_at)
order by considered.conversation, ev.store_id, ev.happened_at desc;

-- name: counts
-- Who is in line, and who was told.
select coalesce(sum(count) filter (where what in ('waiting', 'claimed')), 0)::bigint as waiting,
       coalesce(sum(count) filter (where what = 'unconfirmed'), 0)::bigint as unconfirmed,
       coalesce(sum(count) filter (where what = 'told'), 0)::bigint as told
from line_counts
where store_id = :store_id and what in ('waiting', 'unconfirmed', 'claimed', 'told') and subject in (
    select 'product/' || :product_id
    union all
    select 'variant/' || variant_id from variants
    where store_id = :store_id and product_id = :product_id and (:variant_id::text is null or variant_id = :variant_id));

-- name: not_told
select reason, sum(count)::bigint as count
from line_counts
where store_id = :store_id and what = 'left' and subject in (
    select 'product/' || :product_id
    union all
    select 'variant/' || variant_id from variants
    where store_id = :store_id and product_id = :product_id and (:variant_id::text is null or variant_id = :variant_id))
group by 1 having sum(count) > 0 order by 2 desc, 1;
