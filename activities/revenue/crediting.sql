-- Every query of orders' money and their credits.

-- name: set_total
-- As with what is in an order: the newest message counts, but the earliest time of ordering, and of two of one second a
-- cancellation. Returns that time; no row: something newer is known.
insert into order_totals (store_id, order_id, contact_id, ordered_at, currency, total, refunded, cancelled, observed_at)
values (:store_id, :order_id, :contact_id, :ordered_at, :currency, :total, :refunded, :cancelled, :observed_at)
on conflict (store_id, order_id) do update
set contact_id = excluded.contact_id, ordered_at = least(order_totals.ordered_at, excluded.ordered_at),
    currency = excluded.currency, total = excluded.total, refunded = excluded.refunded,
    cancelled = excluded.cancelled or (order_totals.cancelled and order_totals.observed_at = excluded.observed_at),
    observed_at = excluded.observed_at
where order_totals.observed_at <= excluded.observed_at
returning ordered_at;

-- name: cancel_total
update order_totals set cancelled = :cancelled, observed_at = greatest(observed_at, :at)
where store_id = :store_id and order_id = :order_id and (:cancelled or observed_at < :at);

-- name: redeem
-- The codes of ours that an order was made with: those that were given to somebody of its store, and those that are free,
-- which nobody is given any more.
update coupons c set redeemed_at = :ordered_at
where upper(c.code) = any(:codes::text[]) and c.redeemed_at is null
  and (c.claim_id is null
       or exists (select from claims cl join journeys j on j.id = cl.journey_id where cl.id = c.claim_id and j.store_id = :store_id));

-- name: touches
-- What the contact did with messages of this store before they ordered, and the messages of the codes that they ordered
-- with, whoever got those; unless the order is credited already.
select t.send_key, v.document #>> array['messages', s.message, 'channel'] as channel, t.touch, t.at,
       s.settled_at as sent_at, l.attribution as windows
from (
    select send_key, touch, at from touches(:contact_id)
    where at > :ordered_at::timestamptz - make_interval(days => :days) and at <= :ordered_at
    union all
    select coalesce(o.told_with, o.key), 'coupon', :ordered_at::timestamptz
    from coupons c join claims cl on cl.id = c.claim_id join sends o on o.journey_id = cl.journey_id
    where upper(c.code) = any(:codes::text[]) and o.settled_at >= cl.given_at and o.event is distinct from 'subscription'
) t
join sends s on s.key = t.send_key
join journeys j on j.id = s.journey_id
join versions v on v.id = j.version_id
left join lists l on l.code = list_of(j)
where j.store_id = :store_id and s.state in ('sent', 'unknown')
  and not exists (select from credits where store_id = :store_id and order_id = :order_id);

-- name: credit
insert into credits (store_id, order_id, send_key, touch, sent_at, touched_at, ordered_at, model)
values (:store_id, :order_id, :send_key, :touch, :sent_at, :touched_at, :ordered_at, :model)
on conflict (store_id, order_id) do nothing;
