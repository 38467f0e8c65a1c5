-- name: criteria_facts
-- All that criteria can ask about a contact in a store: of a product, a variant of it, an alert, or a list without one.
-- Each of these four may be null; the columns that belong to it are null then. Consent is that to one channel. Units are
-- counted as in activities/stock/offers.py: of what is on sale, at the list's locations, never less than none.
select
    :store_id::text as store_id, p.product_id, p.title as product_title, p.vendor as product_vendor, p.tags as product_tags, p.collections as product_collections,
    coalesce(v.price, (
        select min(price) from variants o where o.store_id = :store_id and o.product_id = :product_id and not o.removed)) as product_price,
    :variant_id::text as variant_id, v.sku as variant_sku,
    (select sum(item.units)::bigint from (
     -- Variants of one item sell the same units.
     select max(case when p.on_sale and not o.removed then greatest(0, case
                         when l.locations is null then o.elsewhere + coalesce(at.everywhere, 0)
                         else coalesce(at.counting, 0) end) else 0 end) as units
     from variants o
     cross join lateral (
         select sum(s.available) as everywhere, sum(s.available) filter (where s.location_id = any(l.locations)) as counting,
                count(*) > 0 and count(s.available) = 0 as uncounted
         from stock s where s.store_id = o.store_id and s.inventory_item_id = o.stock_item
     ) at
     where o.store_id = :store_id and o.product_id = p.product_id and (:variant_id::text is null or o.variant_id = :variant_id)
       and o.tracked is distinct from false and not at.uncounted
     group by o.stock_item) item) as product_available,
    (select count(distinct order_id) from orders where contact_id = :contact_id and store_id = :store_id and not cancelled) as orders_count,
    (select max(ordered_at) from orders where contact_id = :contact_id and store_id = :store_id and not cancelled) as orders_last,
    (select max(ordered_at) from orders
     where contact_id = :contact_id and store_id = :store_id and not cancelled
       and (product_id = :product_id or variant_id = :variant_id)) as orders_bought_this,
    (select max(s.settled_at) from sends s join journeys j on j.id = s.journey_id
     where j.contact_id = :contact_id and s.state = 'sent') as engagement_last_message,
    -- As somebody told, and by the links and pictures of ours.
    greatest((select max(happened_at) from events where contact_id = :contact_id and kind = 'opened_message'), own.opened_at) as engagement_last_open,
    greatest((select max(happened_at) from events where contact_id = :contact_id and kind = 'clicked_message'), own.clicked_at) as engagement_last_click,
    c.attributes as contact_attributes,
    array(select list_code from list_members where contact_id = :contact_id) as contact_lists,
    array(select tag from contact_tags where contact_id = :contact_id) as contact_tags,
    coalesce((select granted from consents where contact_id = :contact_id and channel = :email order by id desc limit 1), false)
        as contact_consent_email,
    coalesce((select granted from consents where contact_id = :contact_id and channel = :sms order by id desc limit 1), false)
        as contact_consent_sms,
    (select max(entered_at) from journeys
     where contact_id = :contact_id and alert_id = :alert_id and ended_at is null and store_id = :store_id and product_id = :product_id) as contact_entered_at,
    (select max(entered_at) from journeys
     where contact_id = :contact_id and alert_id = :alert_id and (ended_at is not null or store_id <> :store_id or product_id <> :product_id))
        as alert_last_entered,
    coalesce(l.time_zone, 'UTC') as time_zone
from contacts c
left join products p on p.store_id = :store_id and p.product_id = :product_id
left join alerts a on a.id = :alert_id
left join lists l on l.code = coalesce(a.list_code, :list_code::text)
left join variants v on v.store_id = :store_id and v.variant_id = :variant_id and v.product_id = :product_id
cross join lateral (
    select max(at) filter (where touch = 'opened') as opened_at, max(at) filter (where touch = 'clicked') as clicked_at
    from own_touches(:contact_id)) own
where c.id = :contact_id;
