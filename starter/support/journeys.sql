-- Every query about journeys and the shelf for people: lists, details, stock, keys.

-- name: list
select j.id, j.contact_id, j.store_id, j.subject, j.product_id, j.alert_id, j.version_id, j.entered_at, j.window_ends_at,
       j.conversation, j.entered_on, j.told_at, j.ended_at, j.ending, coalesce(j.reason, case when w.state = 'left' then w.reason end) as reason,
       w.state as place,
       coalesce(w.state = 'waiting' and e.id is not null and e.contacts_per_unit is not null, false) as passed_over,
       -- Counted for one journey only: for a page it would be a walk along the line for every row.
       case when w.state = 'waiting' and $1::text is not null then (
           select count(*) from waiting before
           where before.alert_id = w.alert_id and before.store_id = w.store_id and before.subject = w.subject
             and before.state = 'waiting' and (before.entered_at, before.place) < (w.entered_at, w.place)
       ) end as ahead
from journeys j
left join waiting w on w.journey_id = j.id
left join episodes e on e.alert_id = j.alert_id and e.store_id = j.store_id and e.subject = j.subject
                    and e.closed_at is null
where ($1::text is null or j.id = $1)
  and ($2::text is null or j.store_id = $2)
  and ($3::text is null or j.subject = 'variant/' || $3)
  and ($4::text is null or j.contact_id = $4)
  and ($5::text is null or case $5 when 'waiting' then j.told_at is null and j.ended_at is null and w.state is distinct from 'left'
                                   when 'told' then j.told_at is not null and j.ended_at is null
                                   when 'ended' then j.ended_at is not null or coalesce(w.state = 'left', false) end)
  and ($6::timestamptz is null or (j.entered_at, j.id) < ($6, $7::text))
order by j.entered_at desc, j.id desc
limit $8;

-- name: contact_by_email
select id from contacts where email = $1;

-- name: ask_to_leave
with asked as (
    update journeys set leaving = coalesce(leaving, $2) where id = $1 and ended_at is null returning id
)
insert into outbox (kind, journey_id, reason) select 'leave', id, $2 from asked
returning journey_id;

-- name: variants
select v.store_id, v.variant_id, v.product_id, v.inventory_item_id, p.title as product_title, v.title, v.sku, v.price,
       v.policy, v.tracked, p.on_sale and not v.removed as on_sale,
       v.elsewhere + coalesce((
           select sum(s.available) from stock s
           where s.store_id = v.store_id and s.inventory_item_id = v.inventory_item_id), 0)::bigint as units,
       (select count(*) from waiting w
        where w.store_id = v.store_id and w.subject = 'variant/' || v.variant_id and w.state = 'waiting') as waiting
from variants v join products p using (store_id, product_id)
where v.store_id = $1 and ($2::text is null or v.variant_id = $2) and ($3::text is null or v.variant_id > $3)
order by v.variant_id
limit $4;

-- name: levels
select s.location_id, s.available, s.observed_at
from stock s join variants v on v.store_id = s.store_id and v.inventory_item_id = s.inventory_item_id
where v.store_id = $1 and v.variant_id = $2
order by s.location_id;

-- name: name_store
insert into stores (id, source, name, url, currency) values ($1, 'api', $2, $3, $4)
on conflict (id) do update
set name = excluded.name, url = excluded.url, currency = coalesce(excluded.currency, stores.currency)
returning currency;

-- name: add_key
insert into api_keys (name, hash) values ($1, $2) on conflict (name) do nothing returning name;

-- name: keys
select name, created_at, revoked_at from api_keys order by created_at, name;

-- name: revoke_key
update api_keys set revoked_at = now() where name = $1 and revoked_at is null returning name;

-- name: key_by_hash
select name from api_keys where hash = $1 and revoked_at is null;

-- name: malformed
select id, store_id, source, topic, error, received_at,
       case when $1::bigint is not null then convert_from(body, 'latin1') end as body
from inbox where state = 'malformed' and ($1::bigint is null or id = $1) order by id desc limit $2;
