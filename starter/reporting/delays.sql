-- Every query of the report on delays.

-- name: legs
-- Of the newest that were told in a time, by certain messages: how long each leg took. A claim is used in the statement that
-- settles its message, so both have the same time.
with told as (
    select c.shop_at, c.heard_at, c.given_at, s.settled_at as handed_over_at, delivered.at as delivered_at
    from sends s
    join journeys j on j.id = s.journey_id
    join alerts a on a.id = j.alert_id
    join claims c on c.journey_id = s.journey_id and c.settled_at = s.settled_at and c.state in ('used', 'lapsed')
    left join lateral (
        select min(happened_at) as at from message_events
        where send_key = coalesce(s.told_with, s.key) and kind = 'delivered') delivered on true
    where s.settled_at >= :since and s.settled_at < :until and s.state = 'sent'
      and (:list_code::text is null or a.list_code = :list_code)
      and (:stores::text[] is null or j.store_id = any(:stores))
    order by s.settled_at desc
    limit :most
)
select l.leg, count(*) as told, count(*) filter (where t.heard_at is null) as otherwise,
       count(l.seconds) as alerts,
       percentile_cont(0.5) within group (order by greatest(l.seconds, 0)) filter (where l.seconds is not null) as p50,
       percentile_cont(0.95) within group (order by greatest(l.seconds, 0)) filter (where l.seconds is not null) as p95,
       count(*) filter (where l.seconds < -1) as clock_off
from told t
cross join lateral (values
    ('heard', t.heard_at - t.shop_at), ('decided', t.given_at - t.heard_at),
    ('handed_over', t.handed_over_at - t.given_at), ('delivered', t.delivered_at - t.handed_over_at),
    ('all_handed_over', t.handed_over_at - t.shop_at), ('all_delivered', t.delivered_at - t.shop_at)
) way (leg, length)
cross join lateral (
    select way.leg, case when t.heard_at is not null then extract(epoch from way.length)::float8 end as seconds) l
group by l.leg;

-- name: latest
-- Those who were told last, by certain messages: when each leg of the way of their alert ended.
select s.key, j.id as journey, a.id as alert, j.store_id as store, coalesce(p.title, j.subject) as product,
       c.shop_at, c.heard_at, c.given_at as decided_at, s.settled_at as handed_over_at, delivered.at as delivered_at
from sends s
join journeys j on j.id = s.journey_id
join alerts a on a.id = j.alert_id
join claims c on c.journey_id = s.journey_id and c.settled_at = s.settled_at and c.state in ('used', 'lapsed')
left join products p on p.store_id = j.store_id and p.product_id = j.product_id
left join lateral (
    select min(happened_at) as at from message_events
    where send_key = coalesce(s.told_with, s.key) and kind = 'delivered') delivered on true
where s.settled_at is not null and s.state = 'sent'
  and s.settled_at <= coalesce((select settled_at from sends where key = :before::text), 'infinity')
  and (:before::text is null or (s.settled_at, s.key) < ((select settled_at from sends where key = :before::text), :before))
  and (:stores::text[] is null or j.store_id = any(:stores))
order by s.settled_at desc, s.key desc
limit :most;
