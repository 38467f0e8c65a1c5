-- Every query of what went out and what it earned, day by day. Periods are half open, in instants.

-- name: sent
select (s.settled_at at time zone :time_zone)::date as day,
       case :by when 'conversation' then j.conversation when 'alert' then coalesce(j.alert_id, '')
                when 'channel' then coalesce(s.channel, '') else j.store_id end as of,
       null::text as currency, count(*) as times, 0::numeric as net
from sends s join journeys j on j.id = s.journey_id
where s.settled_at >= :since and s.settled_at < :until and s.state in ('sent', 'unknown') and s.told_with is null
  and (:stores::text[] is null or j.store_id = any(:stores))
group by 1, 2 order by 1, 2;

-- name: earned
select (t.ordered_at at time zone :time_zone)::date as day,
       case :by when 'conversation' then j.conversation when 'alert' then coalesce(j.alert_id, '')
                when 'channel' then coalesce(s.channel, '') else t.store_id end as of,
       t.currency, count(*) filter (where not t.cancelled) as times, sum(t.net) as net
from order_totals t join credits c on (c.store_id, c.order_id) = (t.store_id, t.order_id)
join sends s on s.key = c.send_key join journeys j on j.id = s.journey_id
where t.ordered_at >= :since and t.ordered_at < :until and (:stores::text[] is null or t.store_id = any(:stores))
group by 1, 2, 3 order by 1, 2, 3;
