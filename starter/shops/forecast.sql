-- Every query of what units that have not come yet would do. None of them writes.

-- name: item_of_variant
select stock_item from variants where store_id = :store_id and variant_id = :variant_id;

-- name: products_of_item
select distinct product_id from variants where store_id = :store_id and stock_item = :item order by 1;

-- name: supplies
-- Those of these items; and of the one that arrives those, too, that are kept from then on, with what is promised of them.
select s.item, s.locations, s.available, s.arrived, s.taken, true as kept
from supplies s
where s.store_id = :store_id and s.item = any(:items::text[])
union all
select :arriving, l.locations, 0, 0, promised_since(since_claim_of(:store_id, :arriving, l.locations), :store_id, :arriving, l.locations), false
from (select null::text[] as locations union select locations from lists) l
where not exists (
    select from supplies s
    where s.store_id = :store_id and s.item = :arriving and s.locations is not distinct from l.locations);

-- name: lines
-- Of these alerts and these subjects: those who are in line, and what says how they are told.
select a.id as alert_id, s.subject, a.list_code, a.type, strength(a.action) as strength, a.measure as goes_by, a.newest_first,
       case when c.paused_at is not null then 'conversation_paused' when a.paused_at is not null then 'alert_paused' end as paused,
       is_gone(:store_id, s.subject) as gone, n.in_line
from alerts a
join conversations c on c.code = a.conversation
join unnest(:subjects::text[]) s (subject) on split_part(s.subject, '/', 1) = a.level
cross join lateral (
    select coalesce(sum(l.count), 0)::bigint as in_line from line_counts l
    where l.store_id = :store_id and l.subject = s.subject and l.alert_id = a.id and l.what = 'waiting') n
where a.id = any(:alerts::text[]) and n.in_line > 0
order by strength(a.action) desc, a.id, s.subject;

-- name: next
-- Those next in one line at this measure who want no more than so many units, in its order; where the episode changes, with
-- those who were passed over until it did.
select w.journey_id, w.contact_id, j.version_id, w.quantity, j.at_step, j.held_up_by
from (
    select * from next_in_line(:alert_id, :store_id, :subject, :measure, :most, :at_most, null)
    union all
    select p.* from waiting p
    where :taken_up and p.store_id = :store_id and p.subject = :subject and p.alert_id = :alert_id and p.state = 'waiting'
      and p.passed_over_for is not null and p.passed_over_for not in ('not_confirmed', 'contact_paused')
      and (p.quantity = 1 or p.quantity <= :at_most)
      and trigger_holds(jsonb_populate_record(p, '{"passed_over_for": null}'), :measure) and not stands_back(p)
) w
join journeys j on j.id = w.journey_id
join alerts a on a.id = w.alert_id
order by case when a.measure <> 'nothing' then w.trigger_at end desc nulls last,
         extract(epoch from w.entered_at) * case when a.newest_first then -1 else 1 end,
         w.place * case when a.newest_first then -1 else 1 end
limit :most;

-- name: front
-- The first of a line, with their place as the waiting list shows it, and what would speak against their turn.
select w.journey_id, w.contact_id,
       case when w.passed_over_for is distinct from 'not_confirmed' then (
           select count(*) from waiting
           where store_id = :store_id and subject = :subject and alert_id = :alert_id and state = 'claimed' and passed_over_for is null)
           + count(*) filter (where w.passed_over_for is distinct from 'not_confirmed') over (order by w.number) end as place,
       case when not :taken_up or w.passed_over_for in ('not_confirmed', 'contact_paused') then w.passed_over_for end as passed_over_for,
       stands_back(w.line) as stands_back,
       coalesce(trigger_holds(jsonb_populate_record(w.line, '{"passed_over_for": null}'), :measure), false) as triggered
from (
    (select journey_id, contact_id, passed_over_for, f as line, row_number() over (order by entered_at, place) as number
     from waiting f
     where store_id = :store_id and subject = :subject and alert_id = :alert_id and state = 'waiting' and not :newest_first
     order by entered_at, place limit :most)
    union all
    (select journey_id, contact_id, passed_over_for, f, row_number() over (order by entered_at desc, place desc)
     from waiting f
     where store_id = :store_id and subject = :subject and alert_id = :alert_id and state = 'waiting' and :newest_first
     order by entered_at desc, place desc limit :most)
) w
order by w.number;

-- name: programs
select id, program from versions where id = any(:versions::text[]);
