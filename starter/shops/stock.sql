-- Every query about a store's variants and their stock, for people.

-- name: variants
select v.store_id, v.variant_id, v.product_id, v.inventory_item_id, p.title as product_title, v.title, v.sku, v.price, st.currency,
       v.policy, v.tracked, p.on_sale and not v.removed as on_sale,
       v.elsewhere + coalesce((
           select sum(s.available) from stock s
           where s.store_id = v.store_id and s.inventory_item_id = v.inventory_item_id), 0)::bigint as units,
       (select coalesce(sum(l.count), 0)::bigint from line_counts l
        where l.store_id = v.store_id and l.subject = 'variant/' || v.variant_id and l.what = 'waiting') as waiting
from variants v
join products p using (store_id, product_id)
join stores st on st.id = v.store_id
where v.store_id = :store_id and (:variant_id::text is null or v.variant_id = :variant_id) and (:after::text is null or v.variant_id > :after)
order by v.variant_id
limit :most;

-- name: levels
select s.location_id, s.available, s.observed_at
from stock s join variants v on v.store_id = s.store_id and v.inventory_item_id = s.inventory_item_id
where v.store_id = :store_id and v.variant_id = :variant_id
order by s.location_id;
