-- Every query of the reconciliation: what PostgreSQL and Temporal should agree on.
-- `young` rows are left alone: what was done a moment ago may be on its way.

-- name: open_journeys
-- The next journeys that have not ended, by id, and that nothing in the outbox is about.
select j.id, j.told_at is not null as told, coalesce(w.state = 'left', false) as left_line
from journeys j left join waiting w on w.journey_id = j.id
where j.ended_at is null and j.id > :last and j.entered_at < now() - :young::interval
  and not exists (select from outbox o where o.journey_id = j.id)
order by j.id
limit :most;

-- name: ended_among
-- Of these journeys, those that have not ended.
select id from journeys where id = any(:journeys::text[]) and ended_at is null;

-- name: start_again
-- The new workflow knows of no signal: its open claim is to be notified again, and the operation is to ask it again.
with unnotified as (
    update claims set notified_at = null where journey_id = :journey_id and state = 'given'
), unasked as (
    update operation_journeys set asked_at = null
    where journey_id = :journey_id and asked_at is not null and done_at is null and superseded_by is null
    returning operation_id
), unfinished as (
    update operations set finished_at = null where id in (select operation_id from unasked)
)
insert into outbox (kind, journey_id) values ('start_journey', :journey_id);

-- name: look_where_nobody_looks
-- Shelves with places to give and contacts in line, with claims that were never notified, or with a line to move, that nothing in
-- the outbox asks to look.
insert into outbox (kind, store_id, subject)
select 'look_again', wanted.store_id, wanted.subject
from (
    select e.store_id, e.subject
    from episodes e join alerts a on a.id = e.alert_id join conversations co on co.code = a.conversation
    where e.closed_at is null and a.paused_at is null and co.paused_at is null
      and exists (select from who_is_next(e, 100) w where w.entered_at < now() - :young::interval)
    union
    select e.store_id, e.subject
    from claims c join episodes e on e.id = c.episode_id
    where c.state = 'given' and c.notified_at is null and c.given_at < now() - :young::interval
    union
    select store_id, from_subject from line_moves where finished_at is null and created_at < now() - :young::interval
) wanted
where not exists (
    select from outbox o
    where o.kind = 'look_again' and o.store_id = wanted.store_id and o.subject = wanted.subject)
returning id;

-- name: run_unfinished_operations
-- Operations that have not asked every journey, and that nothing in the outbox is about. One that is running goes on as it is.
insert into outbox (kind, operation_id)
select 'run_bulk', o.id from operations o
where o.finished_at is null and o.created_at < now() - :young::interval
  and not exists (select from outbox x where x.operation_id = o.id);

-- name: begin_report
insert into reconciliations default values returning id;

-- name: finish_report
update reconciliations set finished_at = now(), report = :report where id = :number;

-- name: last_report
select started_at, finished_at, report from reconciliations where finished_at is not null order by id desc limit 1;
