-- Every query of the place that a shopper is shown on the shop's page.

-- name: count_again
insert into line_counts (alert_id, store_id, subject, what, quarter, count)
values (:alert_id, :store_id, :subject, 'again', quarter_of(now()), 1);

-- name: product
select product_id from variants where store_id = :store_id and variant_id = :variant_id;

-- name: asked
-- Nobody waits for longer than the window: who asked before it stands before nobody any more.
select case when not a.newest_first then (
    select coalesce(sum(c.count), 0)::bigint from line_counts c
    where c.store_id = :store_id and c.subject = :subject and c.alert_id = a.id and c.what in ('entered', 'again')
      and c.quarter >= quarter_of(now() - make_interval(days => :days))) end
from alerts a where a.id = :alert_id;
