-- Every query of moving a line to another subject. Lock order as everywhere: products, then the move, episodes, waiting, journeys.

-- name: under_way
-- The move of a subject's line that was asked for first.
select id, store_id, from_subject, to_subject, alert_id, requested_by, standing
from line_moves
where store_id = :store_id and from_subject = :subject and finished_at is null
order by id limit 1;

-- name: begin
-- The move to a successor, where anybody is to be moved and none of this line is under way; by who named the successor, unless
-- nobody does any more.
insert into line_moves (store_id, from_subject, to_subject, requested_by, standing)
select :store_id, :from_subject, :to_subject, named.named_by, true
from (
    select named_by from successors
    where store_id = :store_id and (subject = :from_subject and successor = :to_subject
                                    or subject <> :from_subject and subject = 'product/' || product_of(:store_id, :from_subject))
    order by subject = :from_subject desc limit 1) named
where exists (
        select from waiting w join journeys j on j.id = w.journey_id
        where w.store_id = :store_id and w.subject = :from_subject and w.alert_id = any(:alerts::text[]) and w.state = 'waiting'
          and j.ended_at is null and why_leaving(j) is null)
  and not exists (select from line_moves where store_id = :store_id and from_subject = :from_subject and finished_at is null)
on conflict do nothing
returning id;

-- name: came_back
select not is_gone(:store_id, :subject);

-- name: hold_products
-- Of both lines, in a fixed order: nobody enters, is given a place or gives one up meanwhile.
select product_id from products
where store_id = :store_id and product_id in (product_of(:store_id, :from_subject), product_of(:store_id, :to_subject))
order by product_id for no key update;

-- name: of_others
-- Whether one of the two has moved to another product than those that are held, while they were waited for.
select product_of(:store_id, :from_subject) <> all(:held::text[]) or product_of(:store_id, :to_subject) <> all(:held::text[]);

-- name: hold_move
select true from line_moves where id = :move and finished_at is null for update;

-- name: hold_next
-- The next of those who wait, in order; not who is just being called forward, or is about to leave.
select w.journey_id
from waiting w join journeys j on j.id = w.journey_id
where w.store_id = :store_id and w.subject = :subject and w.alert_id = :alert_id and w.state = 'waiting'
  and j.ended_at is null and why_leaving(j) is null
order by w.entered_at, w.place
limit :most
for update of w;

-- name: fates
-- What becomes of each; and their place in the other line that gives way to the one that is moved, with the reason.
select w.journey_id, fate.reason, o.journey_id as gives_way, coalesce(why_leaving(j), 'there_already') as gives_way_for
from waiting w
left join not_moved(:store_id, :subject, :alert_id, :to_subject, :journeys) fate on fate.journey_id = w.journey_id
left join lateral (select p.* from place_in_line_of(w, :to_subject) p where fate.reason is null) o on true
left join journeys j on j.id = o.journey_id
where w.journey_id = any(:journeys::text[])
order by w.entered_at, w.place;

-- name: better_place
-- Who waits in both lines keeps the better of their two places.
update waiting o
set entered_at = case when a.newest_first then greatest(o.entered_at, w.entered_at) else least(o.entered_at, w.entered_at) end
from waiting w join alerts a on a.id = w.alert_id
where w.journey_id = any(:journeys::text[]) and o.alert_id = w.alert_id and o.contact_id = w.contact_id and o.store_id = w.store_id
  and o.subject = :to_subject and o.state in ('waiting', 'claimed');

-- name: leave
-- They leave their line, each for its reason; and their journeys end.
with leaving as (
    select * from unnest(:journeys::text[], :reasons::text[]) l (journey_id, reason)
), gone as (
    update waiting w set state = 'left', reason = l.reason from leaving l where w.journey_id = l.journey_id and w.state = 'waiting'
), asked as (
    update journeys j set leaving = coalesce(j.leaving, l.reason) from leaving l where j.id = l.journey_id and j.ended_at is null
    returning j.id, j.leaving
)
insert into outbox (kind, journey_id, reason) select 'leave', id, leaving from asked;

-- name: move
-- They wait for the other from now on, where they entered as long ago. What they were passed over for was of the one; but who
-- has not confirmed, or has paused, has not done so by this either.
with moved as (
    update waiting
    set subject = :to_subject, trigger_at = :trigger_at, entry_price = :entry_price, armed = :armed, currency = :currency,
        passed_over_for = case when passed_over_for in ('not_confirmed', 'contact_paused') then passed_over_for end,
        counts_since = clock_timestamp()
    where journey_id = any(:journeys::text[])
)
update journeys
set subject = :to_subject, product_id = :product_id,
    entered_product_id = case when product_id <> :product_id then coalesce(entered_product_id, product_id) else entered_product_id end
where id = any(:journeys::text[]);

-- name: note
insert into moved_places (journey_id, move_id, from_subject, to_subject, reason)
select f.journey_id, :move, :from_subject, :to_subject, f.reason
from unnest(:journeys::text[], :reasons::text[]) with ordinality f (journey_id, reason, number)
order by f.number;

-- name: has_episode
select exists (
    select from episodes where alert_id = :alert_id and store_id = :store_id and subject = :subject and closed_at is null);

-- name: finish
update line_moves set finished_at = clock_timestamp() where id = :move;

-- name: became
-- What has become of how many so far; null: they were moved.
select reason, count(*) as people from moved_places where move_id = :move group by reason;
