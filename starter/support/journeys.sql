-- Every query about journeys for people: lists, details, cancelling.

-- name: list
select j.id, j.contact_id, j.store_id, j.subject, j.product_id, j.alert_id, j.version_id, j.entered_at, j.window_ends_at,
       j.conversation, j.entered_on, j.told_at, j.ended_at, j.ending, coalesce(j.reason, case when w.state = 'left' then w.reason end) as reason,
       case when j.ended_at is null then coalesce(j.held_up_by, case when w.state = 'waiting'
           and w.passed_over_for in ('not_confirmed', 'contact_paused') then w.passed_over_for end) end as held_up_by,
       case when j.ended_at is null then (
           select max(case j.held_up_by when 'too_frequent' then put_off_until when 'told_together' then together_until end)
           from sends where journey_id = j.id and state = 'ready') end as put_off_until,
       case when j.ended_at is not null or w.state = 'left' then null
            when co.paused_at is not null then 'conversation_paused'
            when a.paused_at is not null then 'alert_paused' end as paused,
       w.state as place,
       coalesce(w.state = 'waiting' and e.id is not null and e.contacts_per_unit is not null, false) as passed_over,
       w.quantity,
       coalesce(w.state = 'waiting' and w.quantity > 1 and w.quantity > most_for_one(e)
                and (w.quantity > most_of_one(e) or most_for_one(e) > 0), false) as fewer_than_wanted,
       -- Counted for one journey only: for a page it would be a walk along the line for every row.
       case when :journey_id::text is not null then ahead_of(w, e.measure, :counted_to) end as ahead,
       moves_of(j.id) as moves,
       case when :journey_id::text is not null and w.state in ('waiting', 'claimed') and a.action <> 'cart'
            then successor_of(j.store_id, j.subject) end as successor,
       j.stays_from, (select id from journeys s where s.stays_from = j.id) as stays_as
from journeys j
join conversations co on co.code = j.conversation
left join alerts a on a.id = j.alert_id
left join waiting w on w.journey_id = j.id
left join episodes e on e.alert_id = j.alert_id and e.store_id = j.store_id and e.subject = j.subject
                    and e.closed_at is null
where (:journey_id::text is null or j.id = :journey_id)
  and (:store_id::text is null or j.store_id = :store_id)
  and (:stores::text[] is null or j.store_id = any(:stores))
  and (:variant_id::text is null or j.subject = 'variant/' || :variant_id)
  and (:contact_id::text is null or j.contact_id = :contact_id)
  and (:status::text is null or case :status when 'waiting' then j.told_at is null and j.ended_at is null and w.state is distinct from 'left'
                                   when 'told' then j.told_at is not null and j.ended_at is null
                                   when 'ended' then j.ended_at is not null or coalesce(w.state = 'left', false) end)
  and (:after::timestamptz is null or (j.entered_at, j.id) < (:after, :after_id::text))
order by j.entered_at desc, j.id desc
limit :most;

-- name: contact_by_address
select id from contacts where email = :address or phone = :address;

-- name: ask_to_leave
with asked as (
    update journeys set leaving = coalesce(leaving, :reason) where id = :journey_id and ended_at is null returning id
)
insert into outbox (kind, journey_id, reason) select 'leave', id, :reason from asked
returning journey_id;
