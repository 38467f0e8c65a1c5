-- Every query of the waiting list: places in line, episodes and claims.
-- Lock order, everywhere: item locks, products, claims, episodes, waiting, journeys.

-- name: share_product
-- Taken to give places: who gives one up, or moves the stock, waits meanwhile, or is waited for.
select from products
where store_id = $1
  and product_id = case when $2 like 'product/%' then substr($2, 9)
                        else (select product_id from variants where store_id = $1 and variant_id = substr($2, 9)) end
for share;

-- name: hold_line
-- Taken to give a place up: without it a sign-up or a claim of the same moment would see the line as it was before.
select from waiting w join journeys j on j.id = w.journey_id
join products p on p.store_id = j.store_id and p.product_id = j.product_id
where w.journey_id = $1 and w.state in ('waiting', 'claimed')
for no key update of p;

-- name: alerts
-- Every alert that watches any of these subjects, with the locations that count for its list. One that was retired goes
-- on for those who entered under it, and closes what it opened.
select a.id, a.type, a.level, a.quantity_threshold, a.contacts_per_unit, a.retired, l.locations
from alerts a join lists l on l.code = a.list_code
where not a.retired
   or exists (
       select from episodes e
       where e.alert_id = a.id and e.store_id = $1 and e.subject = any($2::text[]) and e.closed_at is null)
   or exists (
       select from waiting w
       where w.alert_id = a.id and w.store_id = $1 and w.subject = any($2::text[])
         and w.state in ('waiting', 'claimed'))
order by a.id;

-- name: episodes_of
-- The open episodes of these subjects.
select id, alert_id, subject, contacts_per_unit, available, arrived, claimed, measure
from episodes
where store_id = $1 and subject = any($2::text[]) and closed_at is null;

-- name: open_episode
insert into episodes (alert_id, store_id, subject, contacts_per_unit, available, arrived, measure)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: update_episode
update episodes
set available = $2::bigint, arrived = $3, measure = $4, closed_at = case when $2::bigint = 0 then now() end
where id = $1;

-- name: arm
-- The measure is above their trigger, so that a fall to it is a crossing.
update waiting set armed = true
where alert_id = $1 and store_id = $2 and subject = $3 and state = 'waiting' and not armed and trigger_at < $4;

-- name: open_episodes
select e.id, e.alert_id, e.measure, places(e) as places, a.newest_first
from episodes e join alerts a on a.id = e.alert_id join conversations c on c.code = a.conversation
where e.store_id = $1 and e.subject = $2 and e.closed_at is null and a.paused_at is null and c.paused_at is null
order by e.alert_id
for update of e;

-- name: claim_first_in
-- The next $5 whose trigger holds, first in, first out; their claims are numbered in that order.
with next as (
    select journey_id, entered_at, place
    from waiting w
    where alert_id = $2 and store_id = $3 and subject = $4 and state = 'waiting' and trigger_holds(w, $6)
    order by entered_at, place
    limit $5
    for update
), claimed as (
    update waiting w set state = 'claimed' from next where w.journey_id = next.journey_id
)
insert into claims (episode_id, journey_id)
select $1, journey_id from next order by entered_at, place
returning id;

-- name: claim_last_in
-- The same, newest first.
with next as (
    select journey_id, entered_at, place
    from waiting w
    where alert_id = $2 and store_id = $3 and subject = $4 and state = 'waiting' and trigger_holds(w, $6)
    order by entered_at desc, place desc
    limit $5
    for update
), claimed as (
    update waiting w set state = 'claimed' from next where w.journey_id = next.journey_id
)
insert into claims (episode_id, journey_id)
select $1, journey_id from next order by entered_at desc, place desc
returning id;

-- name: dismiss
-- The next $3 who wait for what is gone for good; each journey is told so.
with gone as (
    update waiting set state = 'left', reason = 'discontinued'
    where journey_id in (
        select w.journey_id from waiting w join journeys j on j.id = w.journey_id
        join products p on p.store_id = j.store_id and p.product_id = j.product_id
        where w.store_id = $1 and w.subject = $2 and w.state = 'waiting'
          and (p.discontinued_at is not null or exists (
              select from variants v
              where v.store_id = w.store_id and 'variant/' || v.variant_id = w.subject and v.removed))
        order by w.place limit $3 for update of w
    )
    returning journey_id
)
insert into outbox (kind, journey_id, reason) select 'leave', journey_id, 'discontinued' from gone
returning id;

-- name: count_to_notify
select count(*)
from claims c join episodes e on e.id = c.episode_id
where e.store_id = $1 and e.subject = $2 and c.state = 'given' and c.notified_at is null;

-- name: claims_to_notify
select c.id as claim_id, c.journey_id
from claims c join episodes e on e.id = c.episode_id
where e.store_id = $1 and e.subject = $2 and c.state = 'given' and c.notified_at is null
order by c.id
limit $3;

-- name: mark_notified
update claims set notified_at = now() where id = any($1::bigint[]);

-- name: leave_waitlist
update waiting set state = 'left', reason = $2 where journey_id = $1 and state = 'waiting' returning journey_id;

-- name: claim_in_hand
select id from claims where journey_id = $1 and state = 'given';

-- name: settle_claim
-- A claim that is given ends as $2; returns its subject, so that the shelf can look again.
update claims c set state = $2, settled_at = now(),
    lapses_at = case when $2 = 'used' then now() + make_interval(hours => a.offer_hours) end
from episodes e join alerts a on a.id = e.alert_id
where c.journey_id = $1 and c.state = 'given' and e.id = c.episode_id
returning e.store_id, e.subject;

-- name: keep_taken_offers
-- Offers that were taken up do not lapse.
update claims c set lapses_at = null
from journeys j
where c.state = 'used' and c.lapses_at <= now() and j.id = c.journey_id and exists (
    select from orders o
    where o.contact_id = j.contact_id and o.store_id = j.store_id and o.product_id = j.product_id
      and not o.cancelled and o.ordered_at >= c.given_at);

-- name: lapse_offers
-- Offers that were not taken up in time: the place passes on.
update claims c set state = 'lapsed', lapses_at = null, lapsed_reason = 'offer_lapsed'
from episodes e
where e.id = c.episode_id and c.id in (
    select id from claims where state = 'used' and lapses_at <= now() order by lapses_at limit $1 for update skip locked)
returning e.store_id, e.subject;

-- name: back_in_line
update waiting set state = 'waiting' where journey_id = $1 and state = 'claimed';

-- name: leave_line
update waiting set state = 'left', reason = $2 where journey_id = $1 and state in ('waiting', 'claimed');

-- name: close_settled
-- The common end, in one round trip: the journey was told or has stepped out, and holds nothing to give back.
update journeys set ended_at = now(), ending = $2, reason = $3
where id = $1 and ended_at is null
  and not exists (select from claims where journey_id = $1 and state = 'given')
  and not exists (select from waiting where journey_id = $1 and state in ('waiting', 'claimed'))
returning id;

-- name: close_journey
update journeys set ended_at = now(), ending = $2, reason = $3 where id = $1 and ended_at is null;

-- name: look_again
-- Only if there is someone to call and a place to give, or someone to dismiss.
insert into outbox (kind, store_id, subject)
select 'look_again', $1, $2
where exists (
    select from waiting w
    join episodes e on e.alert_id = w.alert_id and e.store_id = w.store_id and e.subject = w.subject
                   and e.closed_at is null
    join alerts a on a.id = w.alert_id join conversations c on c.code = a.conversation
    where w.store_id = $1 and w.subject = $2 and w.state = 'waiting'
      and a.paused_at is null and c.paused_at is null
      and trigger_holds(w, e.measure) and places(e) is distinct from 0
) or (
    exists (select from waiting w where w.store_id = $1 and w.subject = $2 and w.state = 'waiting')
    and exists (
        select from products p
        where p.store_id = $1
          and p.product_id = case
              when $2 like 'product/%' then substr($2, 9)
              else (select product_id from variants where store_id = $1 and variant_id = substr($2, 9)) end
          and (p.discontinued_at is not null or ($2 like 'variant/%' and exists (
              select from variants v where v.store_id = $1 and v.variant_id = substr($2, 9) and v.removed))))
);

-- name: look_at_departures
insert into outbox (kind, store_id, subject)
select distinct 'look_again', w.store_id, w.subject
from waiting w join journeys j on j.id = w.journey_id
where j.store_id = $1 and j.product_id = $2 and w.state = 'waiting' and w.subject = any($3::text[]);

-- name: journey_start
select j.id, j.contact_id, j.store_id, j.subject, j.alert_id, j.entered_on, j.version_id, j.entered_at, j.window_ends_at,
       j.late, a.list_code, v.program
from journeys j join versions v on v.id = j.version_id left join alerts a on a.id = j.alert_id
where j.id = any($1::text[]);
