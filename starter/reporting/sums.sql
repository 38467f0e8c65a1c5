-- Every query of what happened in a conversation, summed up by stretches of time that are over.

-- name: hold
-- As `forget_told_late` does.
select pg_advisory_xact_lock(hashtextextended('sums of ' || :conversation, 0));

-- name: forget_told_late
select forget_told_late(:conversation);

-- name: forget_within
-- Hours of days that are summed up whole.
delete from conversation_stretches h
using conversation_stretches d
where h.conversation = :conversation and d.conversation = :conversation
  and h.since >= d.since and h.until <= d.until and (h.since, h.until) <> (d.since, d.until)
  and d.since = any(:sinces::timestamptz[]);

-- name: missing
-- Which of these stretches are not summed up, by their numbers from 1; in order.
select number::integer from unnest(:sinces::timestamptz[], :untils::timestamptz[]) with ordinality s (since, until, number)
where not exists (
    select from conversation_stretches k where k.conversation = :conversation and k.since = s.since and k.until = s.until)
order by number;

-- name: sum_up
-- Stretches that follow each other without a gap. Days are those of the list's zone.
with happened as materialized (
    select h.*, width_bucket(h.at, :sinces::timestamptz[]) as number
    from happened_in(:conversation, :begin, :end, null, null) h
), earlier as (
    select place, contact_id, max(at) as at from conversation_entries
    where conversation = :conversation and at < :begin and contact_id in (select contact_id from happened where what = 'entry')
    group by 1, 2
), told as (
    select number, what, place, reason, currency, amount, cancelled,
           lag(at) over (partition by what, place, contact_id order by at, key) as before, contact_id
    from happened
), kept as (
    insert into conversation_stretches (conversation, since, until)
    select :conversation, since, until from unnest(:sinces::timestamptz[], :untils::timestamptz[]) s (since, until)
)
insert into conversation_sums (conversation, since, until, what, place, reason, currency, previous, times, amount, orders)
select :conversation, (:sinces::timestamptz[])[number], (:untils::timestamptz[])[number], what, place, reason, currency,
       case when what = 'entry' then date_trunc('day', coalesce(t.before, e.at), :zone) end,
       count(*), coalesce(sum(amount), 0), count(*) filter (where not cancelled)
from told t left join earlier e using (place, contact_id)
group by 2, 3, 4, 5, 6, 7, 8;

-- name: conversation
select (select min(entered_at) from journeys where conversation = code) as first, alert_taken_over from conversations where code = :conversation;

-- name: are_good
-- Whether all of these stretches are summed up, and nothing of them was told late since. Asked in the snapshot that is read.
select (select count(*) from unnest(:sinces::timestamptz[], :untils::timestamptz[]) s (since, until)
        join conversation_stretches k on k.conversation = :conversation and k.since = s.since and k.until = s.until)
       = cardinality(:sinces::timestamptz[])
   and not exists (select from told_late
                   where conversation = :conversation and hour < :end
                     and (hour > :begin::timestamptz - interval '1 hour' or contact_id is not null));

-- name: figures
-- Of a period: the sums of its stretches; and what happened before the first and after the last of them, counted one by one. Of
-- these, whoever came to a place within the period already is no new contact there.
with summed as (
    select s.what, s.place, s.reason, s.currency, sum(s.times) as times,
           sum(s.times) filter (where s.previous is null or s.previous < :since) as people, sum(s.amount) as amount, sum(s.orders) as orders
    from unnest(:sinces::timestamptz[], :untils::timestamptz[]) t (since, until)
    join conversation_sums s on s.conversation = :conversation and s.since = t.since and s.until = t.until
    group by 1, 2, 3, 4
), each_contact as (
    select false as again, place, what, reason, currency, contact_id, count(*) as times, sum(amount) as amount,
           count(*) filter (where not cancelled) as orders
    from happened_in(:conversation, :since, :begin, null, null) group by 2, 3, 4, 5, 6
    union all
    select what = 'entry' and exists (
               select from conversation_entries e
               where e.conversation = :conversation and e.contact_id = h.contact_id and e.place = h.place and e.at >= :since and e.at < :end),
           place, what, reason, currency, contact_id, count(*), sum(amount), count(*) filter (where not cancelled)
    from happened_in(:conversation, :end, :until, null, null) h group by 2, 3, 4, 5, 6
), counted as (
    select what, place, reason, currency, sum(times) as times, count(*) filter (where not again) as people,
           sum(amount) as amount, sum(orders) as orders
    from each_contact group by 1, 2, 3, 4
)
select place, what, reason, currency, sum(times)::bigint as times, coalesce(sum(people), 0)::bigint as people,
       coalesce(sum(amount), 0) as amount, sum(orders)::bigint as orders
from (select * from summed union all select * from counted) found
group by 1, 2, 3, 4;

-- name: now
-- Where everyone under way is at this moment, as `stands_in` has it: lines by their counts, so no alert may be of two conversations. Who rests at a step is counted there, also while they stand in line.
with resting as materialized (
    select id, at_step from journeys
    where conversation = :conversation and ended_at is null and at_step is not null and at_step <> 'waiting-list'
), at_steps as (
    select at_step as place, count(*) as times from resting group by 1
), in_line as (
    select alert_id, sum(times)::bigint as times from (
        select c.alert_id, sum(c.count) as times
        from alerts a join line_counts c on c.alert_id = a.id and c.what in ('waiting', 'unconfirmed', 'claimed')
        where a.conversation = :conversation group by 1
        union all
        select w.alert_id, -count(*) from resting r join waiting w on w.journey_id = r.id
        where w.state in ('waiting', 'claimed') group by 1
    ) c group by 1
), under_way as (
    select count(*) as times from journeys where conversation = :conversation and ended_at is null
), everywhere as (
    select place, times from at_steps
    union all
    select 'waiting-list/' || alert_id, times from in_line
    union all
    select '', (select times from under_way) - (select coalesce(sum(times), 0) from at_steps) - (select coalesce(sum(times), 0) from in_line)
)
select place, 'now' as what, null::text as reason, null::text as currency, times::bigint as times, 0::bigint as people, 0::numeric as amount,
       0::bigint as orders
from everywhere where times > 0;

-- name: now_one_by_one
select place, what, reason, currency, count(*) as times, 0::bigint as people, 0::numeric as amount, 0::bigint as orders
from stands_in(:conversation, null, null) group by 1, 2, 3, 4;
