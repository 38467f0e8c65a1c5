-- Every query of what the console begins with. `stores`: only of these; null: of all, and of the installation itself.

-- name: concerns
with paused as (
    select 'paused_alert' as kind, a.id as code, coalesce(a.name, a.id) as name, a.paused_at,
           (select coalesce(sum(count), 0)::bigint from line_counts c
            where c.alert_id = a.id and c.what = 'waiting' and (:stores::text[] is null or c.store_id = any(:stores))) as waiting
    from alerts a join lists l on l.code = a.list_code
    where a.paused_at is not null and not a.retired and (:stores::text[] is null or l.stores is null or l.stores && :stores)
    union all
    select 'paused_conversation', c.code, c.name, c.paused_at,
           (select count(*) from journeys j
            where j.conversation = c.code and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores)))
    from conversations c
    where c.paused_at is not null and (:stores::text[] is null or exists (
        select from alerts a join lists l on l.code = a.list_code
        where a.conversation = c.code and (l.stores is null or l.stores && :stores)))
)
select 'held' as kind, null::text as about, '{}'::text[] as examples, count(*) as count, min(s.opened_at) as since, null::text as by
from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores))
having count(*) > 0
union all
select 'stopped', j.held_up_by, '{}', count(*), min(j.at_since), null
from journeys j
where j.ended_at is null and j.held_up_by = any(:causes::text[]) and (:stores::text[] is null or j.store_id = any(:stores))
group by j.held_up_by
union all
select 'sender_at_fault', null, array[s.channel || coalesce(': ' || nullif(s.sender, ''), '')], 1, s.stopped_at, null
from stopped_senders s where :stores::text[] is null
union all
select 'parked', null, '{}', count(*), min(o.parked_at), null
from outbox o where o.parked_at is not null and :stores::text[] is null
having count(*) > 0
union all
select 'silent', null, (array_agg(coalesce(s.name, s.id) order by s.heard_at))[:3], count(*), min(s.heard_at), null
from stores s where s.silent_at is not null and (:stores::text[] is null or s.id = any(:stores))
having count(*) > 0
union all
select 'failing', null, (array_agg(c.store_id order by c.failing_since))[:3], count(*), min(c.failing_since), null
from connections c where c.failing_since < now() - :stumble::interval and (:stores::text[] is null or c.store_id = any(:stores))
having count(*) > 0
union all
select 'texts', null, '{}', count(*), min(r.received_at), null
from revocations r where r.decision is null and r.likely and :stores::text[] is null
having count(*) > 0
union all
select 'unreadable', null, (array_agg(distinct i.store_id))[:3], count(*), min(i.received_at), null
from inbox i
where i.body is not null and i.state = 'malformed' and i.received_at > now() - :unreadable_within::interval
  and (:stores::text[] is null or i.store_id = any(:stores))
having count(*) > 0
union all
select 'long_lines', null, (array_agg(distinct coalesce(p.title, g.subject)))[:3], count(*), min(g.since), null
from long_lines g
join alerts a on a.id = g.alert_id join lists l on l.code = a.list_code
left join variants v on v.store_id = g.store_id and g.subject = 'variant/' || v.variant_id and v.variant_id = substr(g.subject, 9)
left join products p on p.store_id = g.store_id and p.product_id = coalesce(v.product_id, substr(g.subject, 9))
where l.tell_when_waiting is not null and (:stores::text[] is null or g.store_id = any(:stores))
having count(*) > 0
union all
select p.kind, p.code, array[p.name], p.waiting, p.paused_at, coalesce(u.name, done.actor)
from paused p
left join lateral (
    select actor from audit
    where action = case p.kind when 'paused_alert' then 'pause alert' else 'pause conversation' end
      and coalesce(details ->> 'alert', details ->> 'conversation') = p.code
    order by id desc limit 1) done on true
left join users u on 'user ' || u.id = done.actor;

-- name: sent
-- What left since then, by channel; what was told in another's message is no message.
select s.channel, count(*) as count
from sends s join journeys j on j.id = s.journey_id
where s.settled_at >= :since and s.state = 'sent' and s.told_with is null and s.channel is not null
  and (:stores::text[] is null or j.store_id = any(:stores))
group by s.channel order by count desc, s.channel;

-- name: earned
-- What messages earned of what was ordered since then.
select t.currency, count(*) filter (where not t.cancelled) as orders, sum(t.net) as net
from order_totals t join credits c using (store_id, order_id)
where t.ordered_at >= :since and (:stores::text[] is null or t.store_id = any(:stores))
group by t.currency order by net desc;

-- name: days
-- Who came into a line and who was told, by day.
select (c.quarter at time zone :zone)::date as day, coalesce(sum(c.count) filter (where c.what = 'entered'), 0)::bigint as entered,
       coalesce(sum(c.count) filter (where c.what = 'told'), 0)::bigint as told
from alerts a cross join (values ('entered'), ('told')) of (what)
join line_counts c on c.alert_id = a.id and c.what = of.what and c.quarter >= :since
where :stores::text[] is null or c.store_id = any(:stores)
group by 1;

-- name: begun
select exists (select from stores) as stores, exists (select from conversations where published is not null) as conversations,
       exists (select from journeys) as sign_ups, exists (select from journeys where told_at is not null) as told;
