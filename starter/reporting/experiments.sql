-- Every query of experiments.

-- name: experiment
-- As the newest version that names it has it, and the conversations that ever did.
select document #>> '{experiment,name}' as experiment, (document #>> '{experiment,holdout}')::int as holdout,
       (document #>> '{experiment,days}')::int as days,
       (select array_agg(distinct conversation order by conversation) from versions v
        where v.document #>> '{experiment,name}' = :name) as conversations
from versions where document #>> '{experiment,name}' = :name order by published_at desc, number desc limit 1;

-- name: arms
-- Those whose turn came: they were told, or their message would have left at that moment and they were held out. From when
-- that was first, what each ordered in the store of it, for so many days; by currency the sums over all of an arm.
with turns as (
    select j.contact_id, j.store_id, s.settled_at as at, s.outcome ->> 'reason' is not distinct from 'held_out' as held_out
    from sends s join journeys j on j.id = s.journey_id join versions v on v.id = j.version_id
    where v.document #>> '{experiment,name}' = :name and s.round > 0
      and (:stores::text[] is null or j.store_id = any(:stores))
      and (s.state in ('sent', 'unknown') and coalesce(s.event, '') not in ('subscription', 'discontinued')
           or s.state = 'refused' and s.outcome ->> 'reason' in ('held_out', 'provider_refused', 'provider_unavailable')
              and s.outcome ->> 'then' <> 'go_on')
), people as (
    select distinct on (contact_id) contact_id, store_id, at,
           bool_or(held_out) over (partition by contact_id) as held_out,
           bool_and(held_out) over (partition by contact_id) as always_held_out
    from turns order by contact_id, at
), ordered as (
    select p.held_out, p.held_out <> p.always_held_out as in_both, p.contact_id, exists (
               select from orders o
               where o.contact_id = p.contact_id and o.store_id = p.store_id and not o.cancelled
                 and o.ordered_at >= p.at and o.ordered_at < p.at + make_interval(days => :days)) as ordered, p.store_id, p.at
    from people p
), sums as (
    select o.held_out, t.currency, o.contact_id, sum(t.net) as net
    from ordered o join order_totals t on t.contact_id = o.contact_id and t.store_id = o.store_id
        and t.ordered_at >= o.at and t.ordered_at < o.at + make_interval(days => :days)
    where not o.in_both
    group by 1, 2, 3
), money as (
    select held_out, currency, sum(net) as total, sum(net * net) as squares from sums group by 1, 2
)
select o.held_out, count(*) filter (where not o.in_both) as contacts, count(*) filter (where o.ordered and not o.in_both) as ordered,
       count(*) filter (where o.in_both) as in_both,
       coalesce((select jsonb_object_agg(currency, jsonb_build_object('total', total::text, 'squares', squares::text))
                 from money m where m.held_out = o.held_out), '{}') as money
from ordered o group by 1;

-- name: names
select distinct v.experiment ->> 'name' as name
from versions v left join lists l on l.code = v.document -> 'list' ->> 'code'
where v.experiment is not null and (:conversation::text is null or v.conversation = :conversation)
  and (:stores::text[] is null or l.stores is null or l.stores && :stores)
order by 1;
