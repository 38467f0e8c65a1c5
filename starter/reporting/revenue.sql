-- Every query of what messages earned. Periods are half open, in instants.

-- name: messages
with credited as (
    select list_of(j) as list_code, j.conversation, s.message, t.currency, c.touch, t.total, t.net, t.cancelled
    from credits c join order_totals t using (store_id, order_id)
    join sends s on s.key = c.send_key join journeys j on j.id = s.journey_id
    where t.ordered_at >= :since and t.ordered_at < :until and (:stores::text[] is null or t.store_id = any(:stores))
), earned as (
    select list_code, conversation, message, currency, count(*) filter (where not cancelled) as orders,
           count(*) filter (where cancelled) as cancelled, sum(total) as gross, sum(net) as net,
           count(*) filter (where not cancelled and touch = 'delivered') as delivered,
           count(*) filter (where not cancelled and touch = 'opened') as opened,
           count(*) filter (where not cancelled and touch = 'clicked') as clicked,
           count(*) filter (where not cancelled and touch = 'coupon') as coupon
    from credited group by 1, 2, 3, 4
), sent as (
    select list_of(j) as list_code, j.conversation, s.message, count(*) as sent
    from sends s join journeys j on j.id = s.journey_id
    where s.settled_at >= :since and s.settled_at < :until and s.state in ('sent', 'unknown') and s.told_with is null
      and (:stores::text[] is null or j.store_id = any(:stores))
    group by 1, 2, 3
)
select list_code, conversation, message, e.currency, coalesce(s.sent, 0) as sent, coalesce(e.orders, 0) as orders,
       coalesce(e.cancelled, 0) as cancelled, coalesce(e.gross, 0) as gross, coalesce(e.gross - e.net, 0) as deducted,
       coalesce(e.net, 0) as net, coalesce(
           jsonb_strip_nulls(jsonb_build_object('delivered', nullif(e.delivered, 0), 'opened', nullif(e.opened, 0),
                                                'clicked', nullif(e.clicked, 0), 'coupon', nullif(e.coupon, 0))), '{}') as by_touch
from earned e full join sent s using (list_code, conversation, message)
where :list_code::text is null or list_code = :list_code
order by e.currency nulls last, e.net desc nulls last, list_code, conversation, message;

-- name: currencies
-- Of a list: all orders of its stores.
select t.currency, count(*) filter (where not t.cancelled) as orders, sum(t.net) as net,
       count(c.send_key) filter (where not t.cancelled) as credited_orders,
       coalesce(sum(t.net) filter (where c.send_key is not null), 0) as credited_net
from order_totals t
left join (credits c join sends s on s.key = c.send_key join journeys j on j.id = s.journey_id)
    on c.store_id = t.store_id and c.order_id = t.order_id and (:list_code::text is null or list_of(j) = :list_code)
where t.ordered_at >= :since and t.ordered_at < :until and (:stores::text[] is null or t.store_id = any(:stores))
  and (:list_code::text is null or exists (select from lists l where l.code = :list_code and is_for(l.stores, t.store_id)))
group by 1 order by 1;
