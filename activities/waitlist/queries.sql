-- Every query of the waiting list: places in line, episodes and claims.
-- Lock order, everywhere: item locks, variants, claims, episodes, waiting.

-- name: share_variant
-- Taken to give places: who gives one up, or moves the stock, waits meanwhile, or is waited for.
select from variants where store_id = $1 and variant_id = $2 for share;

-- name: hold_line
-- Taken to give a place up: without it a sign-up or a claim of the same moment would see the line as it was before.
select from waiting w join variants v using (store_id, variant_id)
where w.journey_id = $1 and w.state in ('waiting', 'claimed')
for no key update of v;

-- name: open_episodes
select id, alert_id, contacts_per_unit, available, arrived, claimed
from episodes
where store_id = $1 and variant_id = $2 and closed_at is null
order by alert_id
for update;

-- name: watching_alerts
-- Every alert that watches this variant, with the episode that is open for it. One that was retired goes on for those
-- who entered under it, and closes what it opened.
select a.id as alert_id, a.quantity_threshold, a.contacts_per_unit,
       e.id, e.contacts_per_unit as episode_contacts_per_unit, e.available, e.arrived, e.claimed
from alerts a
left join episodes e on e.alert_id = a.id and e.store_id = $1 and e.variant_id = $2 and e.closed_at is null
where not a.retired or e.id is not null or exists (
    select from waiting w
    where w.alert_id = a.id and w.store_id = $1 and w.variant_id = $2 and w.state in ('waiting', 'claimed'))
order by a.id;

-- name: open_episode
insert into episodes (alert_id, store_id, variant_id, contacts_per_unit, available, arrived)
values ($1, $2, $3, $4, $5, $6);

-- name: update_episode
update episodes
set available = $2::bigint, arrived = $3, closed_at = case when $2::bigint = 0 then now() end
where id = $1;

-- name: claim_next
-- The next $5 in line, first in, first out; their claims are numbered in that order.
with next as (
    select journey_id, entered_at, place
    from waiting
    where alert_id = $2 and store_id = $3 and variant_id = $4 and state = 'waiting'
    order by entered_at, place
    limit $5
    for update
), claimed as (
    update waiting w set state = 'claimed' from next where w.journey_id = next.journey_id
)
insert into claims (episode_id, journey_id)
select $1, journey_id from next order by entered_at, place
returning id;

-- name: count_to_call
select count(*)
from claims c join episodes e on e.id = c.episode_id
where e.store_id = $1 and e.variant_id = $2 and c.state = 'given' and c.called_at is null;

-- name: claims_to_call
select c.id as claim_id, c.journey_id
from claims c join episodes e on e.id = c.episode_id
where e.store_id = $1 and e.variant_id = $2 and c.state = 'given' and c.called_at is null
order by c.id
limit $3;

-- name: mark_called
update claims set called_at = now() where id = any($1::bigint[]);

-- name: step_out
update waiting set state = 'left', reason = $2 where journey_id = $1 and state = 'waiting' returning journey_id;

-- name: claim_in_hand
select id from claims where journey_id = $1 and state = 'given';

-- name: settle_claim
-- A claim that is given ends as $2; returns its subject and alert, so that the shelf can look again.
update claims c set state = $2, settled_at = now()
from episodes e
where c.journey_id = $1 and c.state = 'given' and e.id = c.episode_id
returning e.store_id, e.variant_id;

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
insert into outbox (kind, store_id, variant_id)
select 'look_again', $1, $2
where exists (
    select from waiting w join episodes e
      on e.alert_id = w.alert_id and e.store_id = w.store_id and e.variant_id = w.variant_id and e.closed_at is null
    where w.store_id = $1 and w.variant_id = $2 and w.state = 'waiting'
      and least(e.contacts_per_unit * e.arrived - e.claimed, e.contacts_per_unit * e.available) > 0
);

-- name: journey_start
select j.id, j.contact_id, j.store_id, j.variant_id, j.alert_id, j.version_id, j.entered_at, j.window_ends_at, v.program
from journeys j join versions v on v.id = j.version_id
where j.id = any($1::text[]);
