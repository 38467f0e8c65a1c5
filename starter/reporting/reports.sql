-- Every query of the reports. Periods are half open, in instants; null: no bound.

-- name: list
select code, name, time_zone from lists where code = :list_code and (:stores::text[] is null or stores <@ :stores);

-- name: plan_once
set local plan_cache_mode = force_generic_plan;

-- name: wanted
-- What was wanted back in stock. Units to order, per alert and subject: see docs/reports.md.
with told as (
    select j.alert_id, j.store_id, j.subject, count(*) as told, count(*) filter (where exists (
               select from orders o
               where o.contact_id = j.contact_id and o.store_id = j.store_id and is_about(o, j)
                 and not o.cancelled and o.ordered_at >= j.told_at)) as bought
    from journeys j where j.told_at >= :since and j.told_at < :until and j.alert_id is not null
    group by 1, 2, 3
), lines as (
    select alert_id, store_id, subject,
           coalesce(sum(count) filter (where what = 'entered' and quarter >= :since and quarter < :until), 0) as entered,
           coalesce(sum(count) filter (where what = 'waiting'), 0)::bigint as waiting,
           coalesce(sum(units) filter (where what = 'waiting'), 0)::bigint as units,
           coalesce(sum(count) filter (where what = 'unconfirmed'), 0) as unconfirmed,
           coalesce(sum(count) filter (where what = 'lost' and quarter >= :since and quarter < :until), 0) as lost
    from line_counts group by 1, 2, 3
), counted as (
    select l.*, coalesce(t.told, 0) as told, coalesce(t.bought, 0) as bought, product_of(l.store_id, l.subject) as product_id
    from lines l join alerts a on a.id = l.alert_id left join told t using (alert_id, store_id, subject)
    where a.measure = 'nothing' and (:list_code::text is null or a.list_code = :list_code)
      and (:stores::text[] is null or l.store_id = any(:stores))
), told_of_open as (
    select w.episode_id, w.told, w.units as told_units
    from would_be_told(array(
        select e.id from counted c join episodes e on e.alert_id = c.alert_id and e.store_id = c.store_id and e.subject = c.subject
        where e.closed_at is null and e.contacts_per_unit is not null and c.waiting > 0)) w
), ordered as (
    select c.*, units_to_order(a, c.waiting, c.units, coalesce(w.told, 0), coalesce(w.told_units, 0), e.id is not null) as to_order,
           g.since as long_since
    from counted c join alerts a on a.id = c.alert_id
    left join long_lines g on g.alert_id = c.alert_id and g.store_id = c.store_id and g.subject = c.subject
    left join episodes e on e.alert_id = c.alert_id and e.store_id = c.store_id and e.subject = c.subject
                        and e.closed_at is null
    left join told_of_open w on w.episode_id = e.id
), summed as (
    select store_id, product_id, case when :by = 'variant' and subject like 'variant/%' then substr(subject, 9) end as variant_id,
           sum(entered)::bigint as entered, sum(waiting)::bigint as waiting, sum(units)::bigint as units,
           sum(unconfirmed)::bigint as unconfirmed, sum(lost)::bigint as lost_to_window,
           sum(told)::bigint as told, sum(bought)::bigint as bought_after, sum(to_order)::bigint as to_order,
           min(long_since) as long_since
    from ordered group by 1, 2, 3
)
select s.store_id, s.product_id, p.title as product_title, s.variant_id, v.title as variant_title, v.sku,
       s.entered, s.waiting, s.units, s.unconfirmed, s.lost_to_window, s.told, s.bought_after, s.to_order, s.long_since
from summed s
join products p on p.store_id = s.store_id and p.product_id = s.product_id
left join variants v on v.store_id = s.store_id and v.variant_id = s.variant_id
where s.entered + s.waiting + s.unconfirmed + s.lost_to_window + s.told > 0
order by s.waiting desc, s.lost_to_window desc, s.told desc, s.entered desc, s.store_id, s.product_id, s.variant_id
limit :most;

-- name: alerts_of_list
-- With who waits now. One that is retired counts on for those who entered under it.
select a.id, a.type, (select coalesce(sum(count), 0)::bigint from line_counts where alert_id = a.id and what = 'waiting') as waiting,
       (select coalesce(sum(count), 0)::bigint from line_counts where alert_id = a.id and what = 'unconfirmed') as unconfirmed
from alerts a where a.list_code = :list_code order by a.id;

-- name: put_off
-- Journeys whose message is put off now for the list's cap.
select count(*) from journeys j
where j.ended_at is null and j.held_up_by = 'too_frequent' and list_of(j) = :list_code;

-- name: figures
-- What happened on each day of the list: entered, told, bought after (on the day they were told), left untold.
with happened as (
    select c.alert_id, c.what, c.reason, c.quarter as at, c.count
    from line_counts c join alerts a on a.id = c.alert_id
    where a.list_code = :list_code and c.what in ('entered', 'left') and c.quarter >= :since and c.quarter < :until
    union all
    select j.alert_id, unnest(case when exists (
               select from orders o
               where o.contact_id = j.contact_id and o.store_id = j.store_id and is_about(o, j)
                 and not o.cancelled and o.ordered_at >= j.told_at) then array['told', 'bought_after'] else array['told'] end),
           null, j.told_at, 1
    from journeys j join alerts a on a.id = j.alert_id
    where a.list_code = :list_code and j.told_at >= :since and j.told_at < :until
)
select (at at time zone :time_zone)::date as day, alert_id, what, reason, sum(count)::bigint as count
from happened
group by 1, 2, 3, 4
having sum(count) > 0
order by 1, 2, 3, 4;

-- name: conversation_figures
-- Of those who entered this list's conversations without an alert. Who bought: what it was about, or anything.
select j.conversation, count(*) filter (where j.ended_at is null) as in_flight,
       count(*) filter (where j.entered_at >= :since and j.entered_at < :until) as entered,
       count(*) filter (where j.told_at >= :since and j.told_at < :until) as told,
       count(*) filter (where j.told_at >= :since and j.told_at < :until and exists (
           select from orders o
           where o.contact_id = j.contact_id and o.store_id = j.store_id and not o.cancelled and o.ordered_at >= j.told_at
             and (j.product_id is null or is_about(o, j)))) as bought_after
from journeys j join versions v on v.id = j.version_id
where j.alert_id is null and v.document -> 'list' ->> 'code' = :list_code
group by 1 order by 1;

-- name: left_conversations
select j.conversation, coalesce(j.reason, 'no_message') as reason, count(*) as count
from journeys j join versions v on v.id = j.version_id
where j.alert_id is null and v.document -> 'list' ->> 'code' = :list_code
  and j.told_at is null and j.ended_at >= :since and j.ended_at < :until
group by 1, 2 order by 1, 2;
