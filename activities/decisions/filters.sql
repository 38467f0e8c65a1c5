-- name: criteria_facts
-- All that criteria can ask about a contact ($1) in a store ($2), of a product ($3, variant $4), an alert ($5) or a list
-- without one ($6). Each of these four may be null; what belongs to it is null then. Consent is
-- that to one channel ($7). Units are those of
-- activities/waitlist/offers: of what is on sale, at the list's locations, never less than none.
select
    p.product_id, p.title, p.vendor, p.tags as product_tags, p.collections,
    coalesce(v.price, (
        select min(price) from variants o where o.store_id = $2 and o.product_id = $3 and not o.removed)) as price,
    v.sku,
    (select sum(case when p.on_sale and not o.removed then greatest(0, case
                         when l.locations is null then o.elsewhere + coalesce(at.everywhere, 0)
                         else coalesce(at.counting, 0) end) else 0 end)::bigint
     from variants o
     cross join lateral (
         select sum(s.available) as everywhere, sum(s.available) filter (where s.location_id = any(l.locations)) as counting,
                count(*) > 0 and count(s.available) = 0 as uncounted
         from stock s where s.store_id = o.store_id and s.inventory_item_id = o.inventory_item_id
     ) at
     where o.store_id = $2 and o.product_id = p.product_id and ($4::text is null or o.variant_id = $4)
       and o.tracked is distinct from false and not at.uncounted) as available,
    (select count(distinct order_id) from orders where contact_id = $1 and store_id = $2 and not cancelled) as orders,
    (select max(ordered_at) from orders where contact_id = $1 and store_id = $2 and not cancelled) as last_order,
    (select max(ordered_at) from orders
     where contact_id = $1 and store_id = $2 and product_id = $3 and not cancelled) as bought_this,
    (select max(s.settled_at) from sends s join journeys j on j.id = s.journey_id
     where j.contact_id = $1 and s.state = 'sent') as last_message,
    (select max(happened_at) from events where contact_id = $1 and kind = 'opened_message') as last_open,
    (select max(happened_at) from events where contact_id = $1 and kind = 'clicked_message') as last_click,
    c.attributes,
    array(select list_code from list_members where contact_id = $1) as lists,
    array(select tag from contact_tags where contact_id = $1) as tags,
    coalesce((select granted from consents where contact_id = $1 and channel = $7 order by id desc limit 1), false)
        as consented,
    (select max(entered_at) from journeys
     where contact_id = $1 and alert_id = $5 and ended_at is null and store_id = $2 and product_id = $3) as entered_at,
    (select max(entered_at) from journeys
     where contact_id = $1 and alert_id = $5 and (ended_at is not null or store_id <> $2 or product_id <> $3))
        as last_entered
from contacts c
left join products p on p.store_id = $2 and p.product_id = $3
left join alerts a on a.id = $5
left join lists l on l.code = coalesce(a.list_code, $6::text)
left join variants v on v.store_id = $2 and v.variant_id = $4 and v.product_id = $3
where c.id = $1;
