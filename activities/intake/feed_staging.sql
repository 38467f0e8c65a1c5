-- Every query of the rows of a feed as they are staged.

-- name: make_stage
-- Of this session alone, and on disk: a million rows are no matter to the process that reads them.
create temp table if not exists staged_feed (
    nth integer, line integer, product_id text, variant_id text, place text, unread boolean, raw bigint, digest bigint, changes_at timestamptz, title text,
    link text, image text, brand text, sku text, categories text[], price numeric, policy text, tracked boolean, quantity bigint,
    for_sale boolean);
create temp table if not exists changed_feed (product_id text primary key);
create temp table if not exists gone_feed (product_id text primary key);
-- Digests of rows that are as they were but not in it; or to be staged nevertheless.
create temp table if not exists unseen_feed (raw bigint);
create temp table if not exists wanted_feed (raw bigint);
-- What was applied last and is not there as it was: it changed, is gone, or stands beside what did.
create temp table if not exists missing_feed (variant_id text, place text, product_id text, names_it boolean);
create index if not exists staged_feed_by_product on staged_feed (product_id);
truncate staged_feed, changed_feed, gone_feed, unseen_feed, wanted_feed, missing_feed;

-- name: clear_stage
truncate staged_feed, changed_feed, gone_feed, unseen_feed, wanted_feed, missing_feed;

-- name: known
-- The digests of the rows that mean at this moment what they meant, in their order, as `Known` has them.
select string_agg(int8send(raw), '' order by raw) from (
    select distinct raw from feed_rows
    where store_id = :store_id and feed = :feed and raw is not null and (changes_at is null or changes_at > :at)
) known;

-- name: layout
select layout from feed_layouts where store_id = :store_id and feed = :feed;

-- name: keep_layout
insert into feed_layouts (store_id, feed, layout) values (:store_id, :feed, :layout)
on conflict (store_id, feed) do update set layout = excluded.layout;

-- name: analyze_unseen
analyze unseen_feed;

-- name: find_missing
insert into missing_feed
select variant_id, place, product_id, names_it from feed_rows f
where store_id = :store_id and feed = :feed
  and (raw is null or changes_at <= :at or exists (select from unseen_feed u where u.raw = f.raw));

-- name: analyze_stage
analyze staged_feed, missing_feed;

-- name: find_wanted
-- Rows that are as they were, beside others of their product that are not, or of a thing that other rows are of too.
with products as (
    select product_id from staged_feed where place = '' union select product_id from missing_feed where place = ''
), kept as (
    select f.raw, f.variant_id, f.place from products p
    join feed_rows f on f.store_id = :store_id and f.feed = :feed and f.product_id = p.product_id and f.place = ''
    where not exists (select from staged_feed s where s.variant_id = f.variant_id and s.place = f.place)
    union
    select f.raw, f.variant_id, f.place from staged_feed s
    join feed_rows f on f.store_id = :store_id and f.feed = :feed and f.variant_id = s.variant_id and f.place = s.place
    where f.raw is distinct from s.raw
)
insert into wanted_feed
select k.raw from kept k
where k.raw is not null
  and not exists (select from missing_feed m where m.variant_id = k.variant_id and m.place = k.place);

-- name: wanted
select string_agg(int8send(raw), '' order by raw) from (select distinct raw from wanted_feed) wanted;

-- name: want_anew
-- They are read once more, all of them.
with dropped as (
    delete from staged_feed s using wanted_feed w where s.raw = w.raw
)
insert into missing_feed
select variant_id, place, product_id, names_it from feed_rows f
where store_id = :store_id and feed = :feed and exists (select from wanted_feed w where w.raw = f.raw);

-- name: drop_repeated
-- What is in it twice counts as its first row says.
with repeated as (
    select ctid, line, variant_id, row_number() over (partition by variant_id, place order by unread, nth) as nth from staged_feed
), dropped as (
    delete from staged_feed s using repeated r where s.ctid = r.ctid and r.nth > 1 returning s.line, s.variant_id
)
select line, variant_id, count(*) over () as total from dropped order by line limit :most;

-- name: next_price
select least((select min(changes_at) from staged_feed),
             (select min(changes_at) from feed_rows where store_id = :store_id and feed = :feed and changes_at > :at));
