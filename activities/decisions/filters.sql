-- name: criteria_facts
-- All that criteria can ask about a contact ($1) and a product of a store ($2, $3, variant $4 or null), for an alert ($5).
select
    p.product_id, p.title, p.vendor, p.tags, p.collections,
    coalesce(v.price, (
        select min(price) from variants o where o.store_id = $2 and o.product_id = $3 and not o.removed)) as price,
    v.sku,
    (select count(distinct order_id) from orders where contact_id = $1 and store_id = $2 and not cancelled) as orders,
    (select max(ordered_at) from orders where contact_id = $1 and store_id = $2 and not cancelled) as last_order,
    (select max(ordered_at) from orders
     where contact_id = $1 and store_id = $2 and product_id = $3 and not cancelled) as bought_this,
    (select max(s.settled_at) from sends s join journeys j on j.id = s.journey_id
     where j.contact_id = $1 and s.state = 'sent') as last_message,
    c.attributes,
    coalesce((select granted from consents where contact_id = $1 and channel = 'email' order by id desc limit 1), false)
        as consented,
    (select max(entered_at) from journeys
     where contact_id = $1 and alert_id = $5 and ended_at is null and store_id = $2 and product_id = $3) as entered_at,
    (select max(entered_at) from journeys
     where contact_id = $1 and alert_id = $5 and (ended_at is not null or store_id <> $2 or product_id <> $3))
        as last_entered
from contacts c, products p left join variants v on v.store_id = $2 and v.variant_id = $4 and v.product_id = $3
where c.id = $1 and p.store_id = $2 and p.product_id = $3;
