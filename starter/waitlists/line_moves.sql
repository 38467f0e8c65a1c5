-- Every query of asking for a line to be moved, and of how far that has come.

-- name: known
select is_known(:store_id, :subject);

-- name: known_alert
select exists (select from alerts where id = :alert);

-- name: would_become
-- What would become of how many of those who wait by one alert, as the move itself finds it; null: they would be moved. By how many
-- units they want.
select n.reason, w.quantity, count(*) as people
from waiting w join journeys j on j.id = w.journey_id
left join not_moved(:store_id, :subject, :alert_id, :to_subject, null) n on n.journey_id = w.journey_id
where w.store_id = :store_id and w.subject = :subject and w.alert_id = :alert_id and w.state = 'waiting'
  and j.ended_at is null and why_leaving(j) is null
group by 1, 2
order by 2;

-- name: in_line
-- How many wait by one alert, and how many are called forward; of what `line_counts` knows.
select coalesce(sum(count) filter (where what in ('waiting', 'unconfirmed')), 0)::bigint as waiting,
       coalesce(sum(count) filter (where what = 'claimed'), 0)::bigint as claimed
from line_counts
where store_id = :store_id and subject = :subject and alert_id = :alert_id and what in ('waiting', 'unconfirmed', 'claimed');

-- name: open_places
-- Of the open episode there; none: there is none. `everyone`: it has a place for all. For how many units it may give claims, each
-- counted as often as contacts are told for one; of whoever wants less than `units_each`, so many count.
select places(e) is null as everyone, coalesce(places(e), 0) as places, e.units_per_contact as units_each,
       coalesce(least(units_earned(e), (select coalesce(sum(floor(greatest(0, l.units) * e.contacts_per_unit)), 0) from units_left(e) l)), 0)::bigint as units
from episodes e
where alert_id = :alert_id and store_id = :store_id and subject = :subject and closed_at is null;

-- name: hold_moves
-- One who asks at a time, so that no two moves lead around in a circle.
lock table line_moves in share row exclusive mode;

-- name: in_the_way
-- A move under way of the same line to another subject, or one that leads on from the target, or into the line that is left.
select id, from_subject, to_subject from line_moves
where store_id = :store_id and finished_at is null
  and (from_subject = :from_subject and to_subject <> :to_subject or from_subject = :to_subject or to_subject = :from_subject)
order by id limit 1;

-- name: same
-- The same move, under way.
select id from line_moves
where store_id = :store_id and from_subject = :from_subject and to_subject = :to_subject and alert_id is not distinct from :alert
  and finished_at is null;

-- name: begin
insert into line_moves (store_id, from_subject, to_subject, alert_id, requested_by)
values (:store_id, :from_subject, :to_subject, :alert, :requested_by)
returning id;

-- name: ask_to_look
insert into outbox (kind, store_id, subject) values ('look_again', :store_id, :subject);

-- name: moves
-- The latest, or the one of this number.
select id, store_id, from_subject, to_subject, alert_id, requested_by, standing, created_at, finished_at
from line_moves
where (:move::bigint is null or id = :move) and (:stores::text[] is null or store_id = any(:stores))
order by id desc limit :most;
