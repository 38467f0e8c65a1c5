-- Every query of finding contacts, and of what support sees of one.

-- name: by_email
-- By how their address begins, within two bounds that the index knows.
select c.id, c.email, c.phone, c.phone_lent, c.created_at, c.erased_at, under_way_of(c.id, :stores) as under_way
from contacts c
where c.email ~>=~ :begins and c.email ~<~ :ends and c.email ~>~ :after and is_of(c.id, :stores)
order by c.email using ~<~
limit :most;

-- name: by_phone
select c.id, c.email, c.phone, c.phone_lent, c.created_at, c.erased_at, under_way_of(c.id, :stores) as under_way
from contacts c
where c.phone ~>=~ :begins and c.phone ~<~ :ends and c.phone ~>~ :after and is_of(c.id, :stores)
order by c.phone using ~<~
limit :most;

-- name: by_id
select c.id, c.email, c.phone, c.phone_lent, c.created_at, c.erased_at, under_way_of(c.id, :stores) as under_way
from contacts c
where c.id = :contact_id and is_of(c.id, :stores);

-- name: orders
-- The newest first, of what was told of them: what they came to, and the message that each is credited to.
with named as (
    select store_id, order_id, ordered_at from orders
    where contact_id = :contact_id and not cancelled and (:stores::text[] is null or store_id = any(:stores))
    union
    select store_id, order_id, ordered_at from order_totals
    where contact_id = :contact_id and (:stores::text[] is null or store_id = any(:stores))
), newest as (
    select store_id, order_id, max(ordered_at) as ordered_at from named
    group by store_id, order_id having :until::timestamptz is null or max(ordered_at) <= :until order by 3 desc, store_id, order_id limit :most
)
select n.store_id, n.order_id, n.ordered_at, coalesce(t.cancelled, false) as cancelled, t.currency, t.total, t.refunded,
       array(select coalesce(p.title, o.product_id) || case when o.quantity > 1 then ' × ' || o.quantity else '' end
             from orders o left join products p on p.store_id = o.store_id and p.product_id = o.product_id
             where o.store_id = n.store_id and o.order_id = n.order_id order by o.product_id, o.variant_id) as things,
       (select s.message from credits c join sends s on s.key = c.send_key
        where c.store_id = n.store_id and c.order_id = n.order_id) as credited_to
from newest n
left join order_totals t on t.store_id = n.store_id and t.order_id = n.order_id
order by n.ordered_at desc, n.store_id, n.order_id;
