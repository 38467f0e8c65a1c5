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

-- name: name_store
-- A currency given by hand is the newest word on it, until the store's platform tells of another.
insert into stores (id, source, name, url, currency, currency_observed_at, cap_messages, cap_length)
values (:store_id, 'api', :name, :url, :currency, case when :currency::text is not null then now() end, :cap_messages, :cap_length)
on conflict (id) do update
set name = excluded.name, url = excluded.url, currency = coalesce(excluded.currency, stores.currency),
    currency_observed_at = coalesce(excluded.currency_observed_at, stores.currency_observed_at),
    cap_messages = case when :cap_told then excluded.cap_messages else stores.cap_messages end,
    cap_length = case when :cap_told then excluded.cap_length else stores.cap_length end
returning id as store, name, url, currency, cap_messages, cap_length;

-- name: cap_store
update stores set cap_messages = :cap_messages, cap_length = :cap_length where id = :store_id
returning id as store, name, url, currency, cap_messages, cap_length;

-- name: store
select id as store, name, url, currency, cap_messages, cap_length from stores where id = :store_id;
