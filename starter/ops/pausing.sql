-- Every query of pausing. `alert` is an alert's code or null, `conversation` a conversation's: one of the two is given.

-- name: alerts
select a.id as alert, a.name, a.type, a.action, a.list_code, l.stores, a.conversation, a.live, a.retired, a.paused_at,
       c.paused_at as conversation_paused_at,
       (select coalesce(sum(count), 0)::bigint from line_counts where alert_id = a.id and what = 'waiting') as waiting
from alerts a join conversations c on c.code = a.conversation join lists l on l.code = a.list_code
where not a.retired or (select sum(count) from line_counts where alert_id = a.id and what in ('waiting', 'unconfirmed', 'claimed')) > 0
order by a.list_code, a.id;

-- name: alert
select a.paused_at, c.paused_at is not null as also_paused
from alerts a join conversations c on c.code = a.conversation where a.id = :code;

-- name: conversation
select paused_at, false as also_paused from conversations where code = :code;

-- name: hold_conversation
select from conversations where code = :code for no key update;

-- name: hold_alerts
-- Stronger than pausing needs: whoever enters, or opens an episode, refers to the alert and is waited for or waits. So
-- a line that grew, or stock that came, while the pause ended is seen by one of the two.
select from alerts where id = :alert or conversation = :conversation order by id for update;

-- name: pause_alert
update alerts set paused_at = now() where id = :code and paused_at is null returning paused_at;

-- name: pause_conversation
update conversations set paused_at = now() where code = :code and paused_at is null returning paused_at;

-- name: resume_alert
-- Who is told now is told for the resume, and for no change of the shop's.
with lifted as (
    select id from episodes where alert_id = :code and closed_at is null for update skip locked
), resumed as (
    update episodes set shop_at = null, heard_at = null where id in (select id from lifted)
)
update alerts set paused_at = null where id = :code;

-- name: resume_conversation
-- As with an alert.
with lifted as (
    select e.id from alerts a join episodes e on e.alert_id = a.id
    where a.conversation = :code and e.closed_at is null for update of e skip locked
), resumed as (
    update episodes set shop_at = null, heard_at = null where id in (select id from lifted)
)
update conversations set paused_at = null where code = :code;

-- name: told_now
-- What the shelves would do with the pause lifted. What else is paused stays so.
with lifted as (
    select e.id, e.alert_id, e.store_id, e.subject, places(e) as places
    from episodes e join alerts a on a.id = e.alert_id join conversations c on c.code = a.conversation
    where e.closed_at is null
      and ((a.id = :alert and c.paused_at is null) or (a.conversation = :conversation and a.paused_at is null))
), counted as (
    select l.alert_id as alert, l.store_id, l.subject, l.places, w.told as told_now
    from lifted l join would_be_told(array(select id from lifted)) w on w.episode_id = l.id
)
select n.alert, n.store_id, n.subject, n.places, n.told_now,
       (select p.title from products p
        where p.store_id = n.store_id and p.product_id = case
            when n.subject like 'product/%' then substr(n.subject, 9)
            else (select v.product_id from variants v
                  where v.store_id = n.store_id and v.variant_id = substr(n.subject, 9)) end) as product_title,
       (sum(n.told_now) over ())::bigint as total, count(*) over () as subjects
from counted n
where n.told_now > 0
order by n.told_now desc, n.alert, n.store_id, n.subject
limit :most;

-- name: in_flight
-- Messages that the pause holds up, and threads that go on. One that was put off is not settled.
with lifted as (
    select a.id from alerts a join conversations c on c.code = a.conversation
    where (a.id = :alert and c.paused_at is null) or (a.conversation = :conversation and a.paused_at is null)
), answered as (
    select v.id as version_id, l.id as alert_id,
           v.program -> 'threads' @> jsonb_build_array(jsonb_build_object('event', l.id || '.subscription')) as confirms,
           v.program -> 'threads' @> jsonb_build_array(jsonb_build_object('event', l.id || '.discontinued')) as bids_farewell
    from lifted l join alerts a on a.id = l.id join versions v on v.conversation = a.conversation
)
select coalesce(sum(held_up), 0)::bigint as held_up, coalesce(sum(going_on), 0)::bigint as going_on from (
select count(*) filter (
           where w.state = 'claimed'
              or (w.state = 'waiting' and r.confirms and not exists (
                  select from sends s where s.journey_id = j.id and s.settled_at is not null))
              or (w.state = 'left' and w.reason = 'discontinued' and r.bids_farewell)) as held_up,
       count(*) filter (where w.state = 'told') as going_on
from journeys j
join waiting w on w.journey_id = j.id
join answered r on r.alert_id = j.alert_id and r.version_id = j.version_id
where j.ended_at is null
union all
-- Without an alert it is on record what holds a message up.
select count(*) filter (where j.held_up_by = 'conversation_paused'),
       count(*) filter (where j.held_up_by is distinct from 'conversation_paused')
from journeys j
where j.ended_at is null and j.alert_id is null and j.conversation = :conversation
) counted;

-- name: look_again
-- Every shelf with units and a line, whatever its places: a change of stock that is not committed yet read the pause.
insert into outbox (kind, store_id, subject)
select distinct 'look_again', e.store_id, e.subject
from episodes e join alerts a on a.id = e.alert_id join conversations c on c.code = a.conversation
where e.closed_at is null and (a.id = :alert or a.conversation = :conversation) and a.paused_at is null and c.paused_at is null
  and exists (
      select from waiting w
      where w.alert_id = e.alert_id and w.store_id = e.store_id and w.subject = e.subject
        and w.state in ('waiting', 'claimed'));
