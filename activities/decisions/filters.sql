-- name: criteria_facts
-- All that criteria can ask about a contact ($1) in a store ($2), of a product ($3, variant $4) and an alert ($5). Each
-- of the last three may be null; what belongs to it is null then.
select
    p.product_id, p.title, p.vendor, p.tags as product_tags, p.collections,
    coalesce(v.price, (
        select min(price) from variants o where o.store_id = $2 and o.product_id = $3 and not o.removed)) as price,
    v.sku,
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
    coalesce((select granted from consents where contact_id = $1 and channel = 'email' order by id desc limit 1), false)
        as consented,
    (select max(entered_at) from journeys
     where contact_id = $1 and alert_id = $5 and ended_at is null and store_id = $2 and product_id = $3) as entered_at,
    (select max(entered_at) from journeys
     where contact_id = $1 and alert_id = $5 and (ended_at is not null or store_id <> $2 or product_id <> $3))
        as last_entered
from contacts c
left join products p on p.store_id = $2 and p.product_id = $3
left join variants v on v.store_id = $2 and v.variant_id = $4 and v.product_id = $3
where c.id = $1;
