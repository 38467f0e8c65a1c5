-- Every query of the report on delays.

-- name: legs
-- Of the newest that were told in a time, by certain messages: how long each leg took. A claim is used in the statement that
-- settles its message, so both have the same time.
with newest as materialized (
    select c.shop_at, c.heard_at, c.given_at, s.settled_at as handed_over_at, coalesce(s.told_with, s.key) as mail
    from sends s
    join journeys j on j.id = s.journey_id
    join alerts a on a.id = j.alert_id
    cross join lateral (
        select shop_at, heard_at, given_at from claims
        where journey_id = s.journey_id and settled_at = s.settled_at and state in ('used', 'lapsed')
        order by id desc limit 1) c
    where s.settled_at >= :since and s.settled_at < :until and s.state = 'sent'
      and (:list_code::text is null or a.list_code = :list_code)
      and (:stores::text[] is null or j.store_id = any(:stores))
    order by s.settled_at desc
    limit :most
), told as materialized (
    select n.*, (select min(happened_at) from message_events where send_key = n.mail and kind = 'delivered') as delivered_at
    from newest n
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
-- Those who were told last, by certain messages: when each leg of the way of their alert ended. The newest are found one by one, and
-- what else is shown of them is read of these alone.
with told as (
    select s.key, s.settled_at, coalesce(s.told_with, s.key) as mail, j.id as journey, j.alert_id as alert, j.store_id as store,
           j.subject, j.product_id, c.shop_at, c.heard_at, c.given_at
    from sends s
    join journeys j on j.id = s.journey_id
    cross join lateral (
        select shop_at, heard_at, given_at from claims
        where journey_id = s.journey_id and settled_at = s.settled_at and state in ('used', 'lapsed')
        order by id desc limit 1) c
    where s.settled_at is not null and s.state = 'sent'
      and s.settled_at <= coalesce((select settled_at from sends where key = :before::text), 'infinity')
      and (:before::text is null or (s.settled_at, s.key) < ((select settled_at from sends where key = :before::text), :before))
      and (:stores::text[] is null or j.store_id = any(:stores))
    order by s.settled_at desc, s.key desc
    limit :most
)
select t.key, t.journey, t.alert, t.store, coalesce(p.title, t.subject) as product,
       t.shop_at, t.heard_at, t.given_at as decided_at, t.settled_at as handed_over_at,
       (select min(happened_at) from message_events where send_key = t.mail and kind = 'delivered') as delivered_at
from told t
left join products p on p.store_id = t.store and p.product_id = t.product_id
order by t.settled_at desc, t.key desc;
