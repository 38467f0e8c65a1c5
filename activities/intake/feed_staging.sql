-- Every query of the rows of a feed as they are staged.

-- name: make_stage
-- Of this session alone, and on disk: a million rows are no matter to the process that reads them.
create temp table if not exists staged_feed (
    line integer, product_id text, variant_id text, place text, unread boolean, digest bigint, changes_at timestamptz, title text,
    link text, image text, brand text, sku text, categories text[], price numeric, policy text, tracked boolean, quantity bigint,
    for_sale boolean);
create temp table if not exists changed_feed (product_id text primary key);
create temp table if not exists gone_feed (product_id text primary key);
create index if not exists staged_feed_by_product on staged_feed (product_id);
truncate staged_feed, changed_feed, gone_feed;

-- name: clear_stage
truncate staged_feed, changed_feed, gone_feed;

-- name: drop_repeated
-- What is in it twice counts as its first row says.
with repeated as (
    select ctid, line, variant_id, row_number() over (partition by variant_id, place order by unread, ctid) as nth from staged_feed
), dropped as (
    delete from staged_feed s using repeated r where s.ctid = r.ctid and r.nth > 1 returning s.line, s.variant_id
)
select line, variant_id, count(*) over () as total from dropped order by line limit :most;

-- name: next_price
select min(changes_at) from staged_feed;
