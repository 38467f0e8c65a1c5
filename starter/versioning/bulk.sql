-- Every query of operations on many journeys: beginning one, and how far it has come.

-- name: hold_unfinished
-- Waits for the locks that the activity of an older operation takes per batch (activities/journeys/bulk.sql): what an older
-- operation asks of a journey is asked before a newer one begins, and never after.
select from operations where conversation = :conversation and finished_at is null order by id for update;

-- name: begin
insert into operations (kind, conversation, to_version, requested_by, why) values (:kind, :conversation, :to_version, :requested_by, :why) returning id;

-- name: choose
-- The open journeys on another version than this; and those on it that an older operation has asked to move away.
with chosen as (
    insert into operation_journeys (operation_id, journey_id, from_version)
    select :operation, j.id, j.version_id from journeys j
    where j.conversation = :conversation and j.ended_at is null and j.leaving is null
      and (j.version_id <> :version or exists (
          select from operation_journeys o
          where o.journey_id = j.id and o.done_at is null and o.superseded_by is null))
    returning journey_id
)
select count(*) from chosen;

-- name: supersede
update operation_journeys o set superseded_by = :operation
from operation_journeys mine
where mine.operation_id = :operation and o.journey_id = mine.journey_id and o.operation_id <> :operation
  and o.done_at is null and o.superseded_by is null;

-- name: request_run
insert into outbox (kind, operation_id) values ('run_bulk', :operation);

-- name: finish
update operations set finished_at = now() where id = :operation;

-- name: reports
-- One operation, or without one the latest.
select o.id as operation, o.kind, o.conversation, o.to_version, o.requested_by, o.why, o.created_at, o.finished_at,
       count(s.state) as total, count(s.asked_at) as asked, count(*) filter (where s.state = 'done') as done,
       count(*) filter (where s.state = 'ended') as ended, count(*) filter (where s.state = 'superseded') as superseded,
       o.cancelled_at, count(*) filter (where s.state = 'cancelled') as cancelled,
       count(*) filter (where s.state = 'left_over') as left_over
from operations o
left join lateral (
    select oj.asked_at, case
        when oj.done_at is not null or (o.kind = 'end' and j.ended_at is not null and j.reason = 'conversation_changed')
            then 'done'
        when j.ended_at is not null then 'ended'
        when oj.superseded_by = o.id then 'cancelled'
        when oj.superseded_by is not null then 'superseded'
        else 'left_over' end as state
    from operation_journeys oj join journeys j on j.id = oj.journey_id
    where oj.operation_id = o.id
) s on true
where :operation::bigint is null or o.id = :operation
group by o.id
order by o.id desc
limit :most;

-- name: hold_one
-- Waits for the batch that is being asked.
select conversation, finished_at is not null as finished from operations where id = :operation for update;

-- name: cancel
-- Journeys that were not asked yet are not asked; those marked to end that were not told so yet go on.
with spared as (
    update operation_journeys oj set superseded_by = oj.operation_id
    from operations o
    where oj.operation_id = :operation and o.id = oj.operation_id and oj.asked_at is null and oj.superseded_by is null
    returning oj.journey_id, o.kind
), unmarked as (
    update journeys j set leaving = null from spared s
    where s.kind = 'end' and j.id = s.journey_id and j.ended_at is null and j.leaving = 'conversation_changed'
)
select count(*) from spared;

-- name: note_cancelled
update operations set cancelled_at = now(), cancelled_by = :by, finished_at = coalesce(finished_at, now()) where id = :operation;
