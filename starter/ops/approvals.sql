-- Every query of messages that wait for approval.

-- name: held
select s.key, s.journey_id as journey, j.conversation, s.held_version as version, s.step, s.message, s.opened_at as since
from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and ($1::text is null or j.conversation = $1) and ($2::text is null or s.message = $2)
order by s.opened_at, s.key
limit $3;

-- name: count_held
select count(*) from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and ($1::text is null or j.conversation = $1) and ($2::text is null or s.message = $2);

-- name: keys_held
-- The same, by key alone; all that were named, if any were.
select s.key from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and ($1::text is null or j.conversation = $1) and ($2::text is null or s.message = $2)
  and ($3::text[] is null or s.key = any($3))
order by s.key;

-- name: entry
select s.key, s.journey_id, s.step, s.round, s.message, s.held_version
from sends s join journeys j on j.id = s.journey_id
where s.key = $1 and s.state = 'held' and j.ended_at is null;

-- name: standing
-- What became of messages, for those who ask for one that is not held.
select s.key, s.state, s.approved_at, s.approved_by, s.declined_at, s.declined_by, j.ended_at is not null as ended
from sends s join journeys j on j.id = s.journey_id
where s.key = any($1::text[]);

-- name: answer
-- Approve, or decline ($3 false): the journey is woken, and deliver looks again: at everything, or at the no. The rows
-- are taken in one order, so that two who answer the same do not wait for each other.
with chosen as (
    select s.key from sends s
    where s.key = any($1::text[]) and s.state = 'held'
      and exists (select from journeys j where j.id = s.journey_id and j.ended_at is null)
    order by s.key for update
), answered as (
    update sends s
    set state = 'ready',
        approved_at = case when $3 then now() end, approved_by = case when $3 then $2 end,
        declined_at = case when $3 then null else now() end, declined_by = case when $3 then null else $2 end
    from chosen c where s.key = c.key
    returning s.key, s.journey_id, s.step
), woken as (
    insert into outbox (kind, journey_id, payload)
    select 'intervene', journey_id, jsonb_build_object('intervention', jsonb_build_object('kind', 'wake', 'step', step))
    from answered order by key
), let_go as (
    update journeys set held_up_by = null
    where id in (select journey_id from answered) and held_up_by = 'awaiting_approval'
)
select key from answered order by key;

-- name: audit
insert into audit (actor, action, details) values ($1, $2, $3);
