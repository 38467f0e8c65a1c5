-- Every query of claims and places in line.
-- Lock order, everywhere: item locks, products, claims, episodes, supplies, waiting, journeys.

-- name: hold_product
-- Locked while places are given: a change of stock, or of someone who gives up a place, comes before or after, and so do
-- the shelves of the product and of its variants, which could tell one contact of one thing twice (promise P9).
select hold_product_of(:store_id, :subject);

-- name: dismiss
-- Some who wait for what is gone for good; each journey is asked to leave. Where it has a successor, those
-- alone of alerts whose lines `stay`.
with line as (
    select case when successor_of(:store_id, :subject) is not null then :stay::text[] end as alerts
    where is_gone(:store_id, :subject)
      -- Who is to be moved is not told that it is gone.
      and not exists (
          select from line_moves m where m.store_id = :store_id and m.from_subject = :subject and m.finished_at is null)
), gone as (
    update waiting set state = 'left', reason = 'discontinued'
    where journey_id = any(array(
        select w.journey_id
        from line cross join lateral (
            -- `coalesce`: so that nobody believes that few are left, and reads all to put them in order.
            select journey_id from waiting
            where store_id = :store_id and subject = :subject and state = 'waiting' and coalesce(alert_id = any(line.alerts), true)
            order by alert_id, entered_at, place limit :most for update) w))
    returning journey_id
)
insert into outbox (kind, journey_id, reason) select 'leave', journey_id, 'discontinued' from gone
returning id;

-- name: arm
-- Some whom a rise of the measure arms, of the thing's oldest rise that not all have been armed for; they come before the places,
-- for what has fallen since may be a crossing for them. How many; null: there is no such rise.
with rise as (
    select r.* from rises r
    where r.store_id = :store_id and r.subject in (select subject from subjects_of_thing(:store_id, :subject))
    order by r.id limit 1
), newly as (
    update waiting set armed = true
    where place = any(array(
        select w.place from rise r join waiting w on w.alert_id = r.alert_id and w.store_id = r.store_id and w.subject = r.subject
        where w.state = 'waiting' and not w.armed and w.trigger_at < r.measure and w.place <= r.last_place
        limit :most))
    returning place
), done as (
    delete from rises where id in (select id from rise) and (select count(*) from newly) < :most
)
select (select count(*) from newly) from rise;

-- name: open_episodes
-- Those of one subject whose alerts are not paused, the strongest reason first; before them those of the same thing whose
-- reason is stronger, so that whoever is in both lines is told by that one (promise P9).
select e.id, e.subject
from episodes e join alerts a on a.id = e.alert_id join conversations c on c.code = a.conversation
where e.store_id = :store_id and e.closed_at is null and a.paused_at is null and c.paused_at is null
  and e.subject in (select subject from subjects_of_thing(:store_id, :subject))
  and (e.subject = :subject or exists (
      select from episodes own join alerts weaker on weaker.id = own.alert_id
      where own.store_id = :store_id and own.subject = :subject and own.closed_at is null
        and weaker.type = a.type and strength(weaker.action) < strength(a.action)))
order by strength(a.action) desc, e.alert_id, e.subject
for update of e;

-- name: ask_to_notify
-- Places of another subject were given: its shelf is to notify those who have them.
insert into outbox (kind, store_id, subject) values ('look_again', :store_id, :subject);

-- name: hold_supplies
-- Held while their units are shared out: shelves of different subjects may sell the same ones.
select from supplies
where store_id = :store_id and item in (
    select items_of(:store_id, thing.subject) from subjects_of_thing(:store_id, :subject) thing)
order by id
for update;

-- name: who_is_next
select w.journey_id, w.quantity, w.units, w.item, w.share
from episodes e cross join lateral who_is_next(e, :most)
    with ordinality w (journey_id, entered_at, quantity, units, item, share, number)
where e.id = :episode_id
order by w.number;

-- name: claim
-- Claims for these, in this order; not for who has left the line a moment ago, or wants another number of units since. Those
-- who waited when the last change was heard are told for it, but for as many as take what others gave back.
with next as (
    select w.journey_id, w.counts_since, n.units, n.item, n.share, n.number
    from unnest(:journey_ids::text[], :quantities::integer[], :units::bigint[], :items::text[], :shares::numeric[])
        with ordinality n (journey_id, quantity, units, item, share, number)
    join waiting w on w.journey_id = n.journey_id
    where w.state = 'waiting' and w.quantity = n.quantity
    for update of w
), claimed as (
    update waiting w set state = 'claimed' from next where w.journey_id = next.journey_id
)
insert into claims (episode_id, journey_id, units, item, locations, share, shop_at, heard_at)
select e.id, n.journey_id, n.units, n.item, e.locations, n.share, change.shop_at, change.heard_at
from (select next.*, row_number() over (order by number) as nth from next) n
join episodes e on e.id = :episode_id
left join lateral (select e.shop_at, e.heard_at where n.nth > e.freed and n.counts_since <= e.heard_at) change on true
order by n.nth
returning id;

-- name: left_to_do
-- How many are to be notified; and whether anybody waits for what is gone for good who was neither dismissed nor is of those that
-- `stay`: a successor was there for a part of the look, and the next one decides. Whose journey is leaving goes by itself.
select (select count(*)
        from claims c join episodes e on e.id = c.episode_id
        where e.store_id = :store_id and e.subject = :subject and c.state = 'given' and c.notified_at is null) as to_notify,
       is_gone(:store_id, :subject) and exists (
           select from waiting w join journeys j on j.id = w.journey_id
           where w.store_id = :store_id and w.subject = :subject and w.state = 'waiting' and w.alert_id <> all(:stay::text[])
             and j.ended_at is null and why_leaving(j) is null) as undecided;

-- name: claims_to_notify
select c.id as claim_id, c.journey_id, j.late
from claims c join episodes e on e.id = c.episode_id join journeys j on j.id = c.journey_id
where e.store_id = :store_id and e.subject = :subject and c.state = 'given' and c.notified_at is null
order by c.id
limit :most;

-- name: mark_notified
update claims set notified_at = now() where id = any(:claim_ids::bigint[]);

-- name: journey_start
select j.id, j.contact_id, j.store_id, j.subject, j.alert_id, j.entered_on, j.version_id, j.entered_at, j.window_ends_at,
       j.late, a.list_code,
       exists (select from confirmations c where c.journey_id = j.id and c.confirmed_at is null) as unconfirmed, v.program
from journeys j join versions v on v.id = j.version_id left join alerts a on a.id = j.alert_id
where j.id = any(:journey_ids::text[]);

-- name: leave_waitlist
-- Only who has no claim.
update waiting set state = 'left', reason = :reason where journey_id = :journey_id and state = 'waiting' returning journey_id;

-- name: open_claim
select id from claims where journey_id = :journey_id and state = 'given';

-- name: hold_product_of
-- Locked while a place is given up: else a sign-up or a claim of the same moment would see the line as it was before.
select hold_product_in_line(:journey_id);

-- name: settle_claim
-- The journey's open claim ends in this state; returns its subject and item, so that the shelves can look again.
update claims c set state = :state, settled_at = now()
from episodes e
where c.journey_id = :journey_id and c.state = 'given' and e.id = c.episode_id
returning e.store_id, e.subject, c.item;

-- name: back_in_line
-- With a reason it is passed over until something changes, unless something has since the claim was given: its episode, or how
-- many units the contact wants.
update waiting set state = 'waiting', counts_since = now(), passed_over_for = case
        when :passed_over_for = 'contact_paused' then
            (select :passed_over_for from contacts where id = waiting.contact_id and paused_until > now())
        when exists (
        select from claims c join episodes e on e.id = c.episode_id
        where c.id = (select max(id) from claims where journey_id = :journey_id)
          and e.closed_at is null and e.changed_at < c.given_at
          and (:passed_over_for <> 'fewer_than_wanted' or c.units >= waiting.quantity)) then :passed_over_for end
where journey_id = :journey_id and state = 'claimed';

-- name: leave_line
-- With or without a claim.
update waiting set state = 'left', reason = :reason where journey_id = :journey_id and state in ('waiting', 'claimed');

-- name: hold_product_of_told
-- As in giving up any place.
select from journeys j join products p on p.store_id = j.store_id and p.product_id = j.product_id
where j.id = :journey_id
for no key update of p;

-- name: refuse_used_claim
-- The last claim that the journey used is given back, where it has not lapsed already.
update claims c set state = 'refused', settled_at = now(), lapses_at = null
from episodes e
where c.id = (select max(id) from claims where journey_id = :journey_id and state = 'used') and e.id = c.episode_id
returning e.store_id, e.subject, c.item;

-- name: not_told
-- They were not told after all, and the journey is asked to leave if it is still under way.
with untold as (
    update waiting set state = 'left', reason = :reason where journey_id = :journey_id and state = 'told' returning journey_id
), asked as (
    update journeys set told_at = null, leaving = case when ended_at is null then coalesce(leaving, :reason) else leaving end,
                        reason = case when ended_at is null then reason else :reason end
    where id = :journey_id and (select count(*) from untold) >= 0
    returning id, ended_at
)
insert into outbox (kind, journey_id, reason) select 'leave', id, :reason from asked where ended_at is null;

-- name: close_settled
-- The usual case, in one round trip: the journey was told or has left the line, and has nothing to give back.
update journeys set ended_at = now(), ending = :ending, reason = :reason
where id = :journey_id and ended_at is null
  and not exists (select from claims where journey_id = :journey_id and state = 'given')
  and not exists (select from waiting where journey_id = :journey_id and state in ('waiting', 'claimed'))
returning id;

-- name: close_journey
update journeys set ended_at = now(), ending = :ending, reason = :reason where id = :journey_id and ended_at is null;

-- name: offers_due
-- The next offers whose time is up, before anything is locked.
select id from claims where state = 'used' and lapses_at <= now() order by lapses_at, id limit :most;

-- name: hold_products_of
-- The products of these claims, in a fixed order, as whoever gives up a place holds its own.
select from products p
where (p.store_id, p.product_id) in (
    select j.store_id, j.product_id from claims c join journeys j on j.id = c.journey_id where c.id = any(:claim_ids::bigint[]))
order by p.store_id, p.product_id
for no key update;

-- name: keep_taken_offers
-- Those of these offers that were taken up do not lapse.
update claims c set lapses_at = null
from journeys j
where c.id = any(:claim_ids::bigint[]) and c.state = 'used' and c.lapses_at <= now() and j.id = c.journey_id and exists (
    select from orders o
    where o.contact_id = j.contact_id and o.store_id = j.store_id and is_about(o, j)
      and not o.cancelled and o.ordered_at >= c.given_at);

-- name: lapse_offers
-- Those of these offers that were not taken up in time, and that nobody let lapse meanwhile; returns their subjects, so that
-- the shelves can look again.
update claims c set state = 'lapsed', lapses_at = null, lapsed_reason = 'offer_lapsed'
from episodes e
where e.id = c.episode_id and c.id = any(:claim_ids::bigint[]) and c.state = 'used' and c.lapses_at <= now()
returning e.store_id, e.subject, c.item;
