-- The query for what is in the event that a journey was entered on.

-- name: items
-- The items of the event that a conversation was entered on, without products that the storefront has not reported.
select p.title, p.page_url, p.handle, p.image_url, v.variant_id, v.title as variant_title, coalesce(v.price, (
           select min(price) from variants o
           where o.store_id = p.store_id and o.product_id = p.product_id and not o.removed)) as price,
       coalesce((item.value ->> 'quantity')::bigint, 1) as quantity
from events ev
cross join lateral jsonb_array_elements(case
    when ev.items <> '[]' then ev.items
    else jsonb_build_array(jsonb_build_object(
        'product', ev.product_id, 'variant', ev.variant_id, 'quantity', ev.quantity)) end) with ordinality as item (value, number)
left join variants v on v.store_id = ev.store_id and v.variant_id = item.value ->> 'variant'
join products p on p.store_id = ev.store_id and p.product_id = coalesce(item.value ->> 'product', v.product_id)
where ev.store_id = :store_id and ev.id = :event_id and (v.product_id is null or v.product_id = p.product_id)
order by item.number
limit :most;
