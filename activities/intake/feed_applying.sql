-- Every query of the rows of a feed, beside those that were applied last.

-- name: keep_unread_where_they_were
-- Of a row that could not be read, it is known where it belongs if it was there before.
update staged_feed s set product_id = f.product_id
from feed_rows f
where s.unread and f.store_id = :store_id and f.feed = :feed and f.variant_id = s.variant_id and f.place = s.place;

-- name: find_changed
-- The products of which any row says something else than when it was applied last, or came, or (whole) went.
with changed as (
    select s.product_id from staged_feed s
    left join feed_rows f on f.store_id = :store_id and f.feed = :feed and f.variant_id = s.variant_id and f.place = s.place
    where not s.unread and s.place = '' and (f.digest, f.product_id) is distinct from (s.digest, s.product_id)
    union
    select f.product_id from missing_feed f
    where :whole and f.place = ''
      and not exists (select from staged_feed s where s.variant_id = f.variant_id and s.place = f.place)
      and exists (select from staged_feed s where s.product_id = f.product_id and s.place = '')
)
insert into changed_feed select product_id from changed;

-- name: note_same
-- Rows that are written otherwise, or mean the same for another time, and mean what they meant.
update feed_rows f set raw = s.raw, changes_at = s.changes_at
from staged_feed s
where f.store_id = :store_id and f.feed = :feed and f.variant_id = s.variant_id and f.place = s.place and not s.unread
  and f.digest = s.digest and f.product_id = s.product_id and (f.raw, f.changes_at) is distinct from (s.raw, s.changes_at);

-- name: next_changed
select product_id from changed_feed where product_id > :after order by product_id limit :most;

-- name: hold_new
-- Of these products those that nobody told of yet, by whatever id of theirs, and nobody waits for.
select c.product_id from unnest(:product_ids::text[]) c (product_id)
where not exists (select from products p where p.store_id = :store_id and p.product_id = c.product_id)
  and not is_waited_for(:store_id, 'product/' || c.product_id)
  and not exists (select from staged_feed s where s.product_id = c.product_id and s.place = '' and (
      s.unread or s.title is null
      or exists (select from variants v where v.store_id = :store_id and v.variant_id = s.variant_id)
      or exists (select from variants v where v.store_id = :store_id and v.stock_item = s.variant_id)
      or exists (select from stock k where k.store_id = :store_id and k.inventory_item_id = s.variant_id)
      or is_waited_for(:store_id, 'variant/' || s.variant_id)));

-- name: hold_products
select from products where store_id = :store_id and product_id = any(:product_ids::text[]) order by product_id for no key update;

-- name: unwatched
-- Of these products, whose rows are held, those that nobody waits for and of which nothing is shared out: all that is
-- kept of their units is the total, each variant is known of this product or of none, and sells units of its own.
select p.product_id from products p
where p.store_id = :store_id and p.product_id = any(:product_ids::text[]) and p.observed_at <= :observed_at
  and not is_waited_for(:store_id, 'product/' || p.product_id)
  and not exists (select from product_sums k where k.store_id = :store_id and k.product_id = p.product_id)
  and not exists (select from variants_named_twice t where t.store_id = :store_id and t.product_id = p.product_id)
  and not exists (select from episodes e
                  where e.store_id = :store_id and e.subject = 'product/' || p.product_id and e.closed_at is null)
  and not exists (select from staged_feed s where s.product_id = p.product_id and s.place = '' and (s.unread or s.title is null))
  and not exists (
      select from (
          select variant_id from staged_feed s where s.product_id = p.product_id and s.place = ''
          union select variant_id from variants v where v.product_id = p.product_id and v.store_id = :store_id
      ) named
      where is_waited_for(:store_id, 'variant/' || named.variant_id)
         or exists (select from episodes e
                    where e.store_id = :store_id and e.subject = 'variant/' || named.variant_id and e.closed_at is null)
         or exists (select from supplies u where u.store_id = :store_id and u.item = named.variant_id)
         or exists (select from stock k where k.store_id = :store_id and k.inventory_item_id = named.variant_id)
         or exists (select from variants_named_twice t where t.store_id = :store_id and t.variant_id = named.variant_id)
         or exists (select from variants v where v.store_id = :store_id and v.variant_id = named.variant_id
                    and (v.product_id <> p.product_id or v.stock_item <> v.variant_id or v.total_observed_at > :observed_at))
         or exists (select from variants v where v.store_id = :store_id and v.stock_item = named.variant_id
                    and v.variant_id <> named.variant_id));

-- name: set_products
-- As set_product and set_variant of products.sql do; those that are not named any more (whole) are removed.
with told as (
    select distinct on (s.product_id) s.product_id, s.title, s.link, s.image, s.brand, s.categories,
           bool_or(s.for_sale) over (partition by s.product_id) as for_sale
    from staged_feed s
    where s.product_id = any(:product_ids::text[]) and s.place = ''
    order by s.product_id, s.nth
), removed as (
    update variants v set removed = true
    where :whole and v.store_id = :store_id and v.product_id = any(:product_ids::text[]) and not v.removed
      and not exists (select from staged_feed s where s.product_id = v.product_id and s.variant_id = v.variant_id and s.place = '')
)
update products p
set title = t.title, page_url = coalesce(t.link, p.page_url), image_url = coalesce(t.image, p.image_url),
    vendor = coalesce(t.brand, p.vendor), collections = coalesce(t.categories, p.collections), on_sale = t.for_sale,
    observed_at = :observed_at, discontinued_at = null
from told t where p.store_id = :store_id and p.product_id = t.product_id;

-- name: items_of
select variant_id from staged_feed where product_id = any(:product_ids::text[]) and place = '';

-- name: add_products
insert into products (store_id, product_id, title, page_url, image_url, vendor, collections, on_sale, observed_at)
select distinct on (s.product_id)
       :store_id, s.product_id, s.title, s.link, s.image, s.brand, coalesce(s.categories, '{}'),
       bool_or(s.for_sale) over (partition by s.product_id), :observed_at
from staged_feed s
where s.product_id = any(:product_ids::text[]) and s.place = ''
order by s.product_id, s.nth;

-- name: add_variants
-- What it has is `elsewhere`, for no place has told of any.
insert into variants (
    store_id, variant_id, product_id, inventory_item_id, title, sku, price, policy, tracked, told_at, zero_since, elsewhere,
    total_observed_at)
select :store_id, variant_id, product_id, variant_id, case when variant_id = product_id then '' else title end, sku, price, policy,
       tracked, :observed_at, case when price = 0 then now() end, coalesce(quantity, 0),
       case when quantity is not null then :observed_at::timestamptz end
from staged_feed where product_id = any(:product_ids::text[]) and place = ''
on conflict (variant_id, store_id) do update
set title = excluded.title, sku = excluded.sku, price = coalesce(excluded.price, variants.price), policy = excluded.policy,
    tracked = excluded.tracked, removed = false, told_at = excluded.told_at,
    zero_since = case when excluded.price is null or (excluded.price = 0 and variants.price = 0)
                         then variants.zero_since else excluded.zero_since end,
    elsewhere = case when excluded.total_observed_at is null then variants.elsewhere else excluded.elsewhere end,
    total_observed_at = coalesce(excluded.total_observed_at, variants.total_observed_at)
where variants.product_id = excluded.product_id;

-- name: note_applied
-- These products are as their rows say, and whatever other rows they had are no more (whole).
with gone as (
    delete from feed_rows f
    where :whole and f.store_id = :store_id and f.feed = :feed and f.product_id = any(:product_ids::text[]) and f.place = ''
      and not exists (
          select from staged_feed s where s.product_id = f.product_id and s.variant_id = f.variant_id and s.place = '')
), noted as (
    insert into feed_rows (store_id, feed, variant_id, place, product_id, digest, names_it, raw, changes_at)
    select :store_id, :feed, variant_id, place, product_id, digest, title is not null, raw, changes_at
    from staged_feed where product_id = any(:product_ids::text[]) and not unread and place = ''
    on conflict (variant_id, place, feed, store_id) do update
    set product_id = excluded.product_id, digest = excluded.digest, names_it = excluded.names_it, raw = excluded.raw,
        changes_at = excluded.changes_at
    where (feed_rows.product_id, feed_rows.digest, feed_rows.names_it, feed_rows.raw, feed_rows.changes_at)
        is distinct from (excluded.product_id, excluded.digest, excluded.names_it, excluded.raw, excluded.changes_at)
)
delete from changed_feed where product_id = any(:product_ids::text[]);

-- name: rows_of
select line, product_id, variant_id, unread, title, link, image, brand, sku, categories, price, policy, tracked, quantity, for_sale
from staged_feed where product_id = any(:product_ids::text[]) and place = '' order by product_id, nth;

-- name: known_as
-- How these things are known: what a row that does not say it leaves as it is.
select v.variant_id, v.product_id, p.title as product_title, v.title, v.sku
from variants v join products p on p.store_id = v.store_id and p.product_id = v.product_id
where v.store_id = :store_id and v.variant_id = any(:variant_ids::text[]);

-- name: find_gone
-- The products of which no row is in it any more, readable or not.
insert into gone_feed
select distinct product_id from missing_feed f
where f.place = '' and f.names_it
  and not exists (select from staged_feed s where s.product_id = f.product_id and s.place = '');

-- name: next_gone
select product_id from gone_feed where product_id > :after order by product_id limit :most;

-- name: still_sold_by
-- Those of these products that another feed of the store still has.
select distinct product_id from feed_rows where store_id = :store_id and feed <> :feed and product_id = any(:product_ids::text[]) and place = '';

-- name: forget_gone
delete from feed_rows where store_id = :store_id and feed = :feed and product_id = any(:product_ids::text[]) and place = '';

-- name: changed_levels
-- Units at one place that differ from what was applied last; of a row that went (whole) there are none.
select variant_id, place, quantity, digest from (
    select s.variant_id, s.place, coalesce(s.quantity, 0) as quantity, s.digest from staged_feed s
    left join feed_rows f on f.store_id = :store_id and f.feed = :feed and f.variant_id = s.variant_id and f.place = s.place
    where not s.unread and s.place <> '' and f.digest is distinct from s.digest
    union all
    select f.variant_id, f.place, 0, null from missing_feed m
    join feed_rows f on f.store_id = :store_id and f.feed = :feed and f.variant_id = m.variant_id and f.place = m.place
    where :whole and f.place <> ''
      and not exists (select from staged_feed s where s.variant_id = f.variant_id and s.place = f.place)
) levels
order by variant_id, place limit :most;

-- name: note_levels
with told as (
    select * from unnest(:variant_ids::text[], :places::text[], :digests::bigint[]) t (variant_id, place, digest)
), gone as (
    delete from feed_rows f using told t
    where f.store_id = :store_id and f.feed = :feed and f.variant_id = t.variant_id and f.place = t.place and t.digest is null
)
insert into feed_rows (store_id, feed, variant_id, place, product_id, digest, names_it, raw, changes_at)
select :store_id, :feed, t.variant_id, t.place, t.variant_id, t.digest, false, s.raw, s.changes_at
from told t join staged_feed s on s.variant_id = t.variant_id and s.place = t.place where t.digest is not null
on conflict (variant_id, place, feed, store_id) do update
set digest = excluded.digest, raw = excluded.raw, changes_at = excluded.changes_at;

-- name: analyze_rows
-- Of a feed that is new, or much of it: the next reading asks for what is not as it was.
analyze feed_rows;
