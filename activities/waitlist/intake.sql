-- Every query of the intake: what came in, what it says of products and stock, who signed up.

-- name: lock_items
-- Messages about the same inventory item are applied one after the other.
select pg_advisory_xact_lock(key)
from (select distinct hashtextextended($1 || '/' || item, 0) as key from unnest($2::text[]) item order by 1) keys;

-- name: receive
insert into inbox (store_id, source, topic, key, state, error, body)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (source, store_id, key) do nothing
returning id;

-- name: add_store
insert into stores (id, source) values ($1, $2) on conflict (id) do nothing;

-- name: see_product
insert into products (store_id, product_id, title, handle, image_url, on_sale, observed_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (store_id, product_id) do update
set title = excluded.title, handle = coalesce(excluded.handle, products.handle),
    image_url = coalesce(excluded.image_url, products.image_url),
    on_sale = excluded.on_sale, observed_at = excluded.observed_at
where products.observed_at <= excluded.observed_at
returning product_id;

-- name: see_variant
insert into variants (store_id, variant_id, product_id, inventory_item_id, title, sku, price, policy, tracked)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (store_id, variant_id) do update
set product_id = excluded.product_id, inventory_item_id = coalesce(excluded.inventory_item_id, variants.inventory_item_id),
    title = excluded.title, sku = excluded.sku, price = coalesce(excluded.price, variants.price),
    policy = excluded.policy, tracked = coalesce(excluded.tracked, variants.tracked), removed = false;

-- name: remove_variants_but
update variants set removed = true
where store_id = $1 and product_id = $2 and not (variant_id = any($3::text[])) and not removed
returning variant_id;

-- name: product_gone
update products set on_sale = false, observed_at = greatest(observed_at, $3)
where store_id = $1 and product_id = $2 and observed_at <= $3
returning product_id;

-- name: variants_of_product
select variant_id from variants where store_id = $1 and product_id = $2 order by variant_id for update;

-- name: variants_of_item
select variant_id from variants where store_id = $1 and inventory_item_id = $2 order by variant_id for update;

-- name: give_item
update variants set inventory_item_id = 'by-variant-' || variant_id where store_id = $1 and variant_id = $2
returning inventory_item_id;

-- name: variant
select v.variant_id, v.inventory_item_id, v.tracked, v.removed, v.elsewhere, v.total_observed_at, p.on_sale
from variants v join products p using (store_id, product_id)
where v.store_id = $1 and v.variant_id = $2;

-- name: levels
select location_id, available, observed_at from stock where store_id = $1 and inventory_item_id = $2;

-- name: set_level
insert into stock (store_id, inventory_item_id, location_id, available, observed_at)
values ($1, $2, $3, $4, $5)
on conflict (store_id, inventory_item_id, location_id) do update
set available = excluded.available, observed_at = excluded.observed_at
where stock.observed_at <= excluded.observed_at;

-- name: set_elsewhere
update variants set elsewhere = $3, total_observed_at = $4 where store_id = $1 and variant_id = $2;

-- name: hold_variant
-- Shared with other sign-ups, but not with a stock change: one of the two sees the other.
select variant_id from variants where store_id = $1 and variant_id = $2 for share;

-- name: sign_up_alert
select a.id, a.window_days, l.time_zone, c.published
from alerts a join lists l on l.code = a.list_code join conversations c on c.code = a.conversation
where a.type = 'back-in-stock' and a.action = 'sign-up' and not a.retired and c.published is not null
order by (a.list_code = 'default') desc, a.id
limit 1;

-- name: contact
insert into contacts (id, email) values ($1, $2)
on conflict (email) do update set email = excluded.email
returning id;

-- name: consent
-- Append-only: written when the latest word was not yes.
insert into consents (contact_id, channel, granted, source)
select $1, 'email', true, $2
where not coalesce(
    (select granted from consents where contact_id = $1 and channel = 'email' order by id desc limit 1), false);

-- name: open_entry
select journey_id from waiting
where alert_id = $1 and contact_id = $2 and store_id = $3 and variant_id = $4 and state in ('waiting', 'claimed');

-- name: enter
with journey as (
    insert into journeys (id, contact_id, store_id, variant_id, alert_id, version_id, entered_at, window_ends_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
), line as (
    insert into waiting (journey_id, alert_id, contact_id, store_id, variant_id, entered_at)
    select id, $5, $2, $3, $4, $7 from journey
)
insert into outbox (kind, journey_id) select 'start_journey', id from journey;
