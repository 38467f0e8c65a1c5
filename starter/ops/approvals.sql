-- Every query of messages that wait for approval.

-- name: held
select s.key, s.journey_id as journey, j.conversation, s.held_version as version, s.step, s.message, s.opened_at as since,
       count(*) over () as total
from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and (:stores::text[] is null or j.store_id = any(:stores))
  and (:after_at::timestamptz is null or (s.opened_at, s.key) > (:after_at, :after_key::text))
  and (:conversation::text is null or j.conversation = :conversation) and (:message::text is null or s.message = :message)
order by s.opened_at, s.key
limit :most;

-- name: held_one
select s.key, s.journey_id as journey, j.conversation, s.held_version as version, s.step, s.message, s.opened_at as since
from sends s join journeys j on j.id = s.journey_id
where s.key = :key and s.state = 'held' and j.ended_at is null;

-- name: keys_held
-- The same, by key alone; all that were named, if any were.
select s.key from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and (:stores::text[] is null or j.store_id = any(:stores))
  and (:conversation::text is null or j.conversation = :conversation) and (:message::text is null or s.message = :message)
  and (:keys::text[] is null or s.key = any(:keys))
order by s.key;

-- name: entry
select s.key, s.journey_id, s.step, s.round, s.message, s.held_version
from sends s join journeys j on j.id = s.journey_id
where s.key = :key and s.state = 'held' and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores));

-- name: settlements
-- What became of messages that were named and are not held.
select s.key, s.state, s.approved_at, s.approved_by, s.declined_at, s.declined_by, j.ended_at is not null as ended
from sends s join journeys j on j.id = s.journey_id
where s.key = any(:keys::text[]);

-- name: answer
-- Approve or decline: the journey is woken, and `deliver` checks everything again, or settles the decline. The rows are
-- locked in one order, so that two callers who answer the same messages do not deadlock.
with chosen as (
    select s.key from sends s
    where s.key = any(:keys::text[]) and s.state = 'held'
      and exists (select from journeys j where j.id = s.journey_id and j.ended_at is null)
    order by s.key for update
), answered as (
    update sends s
    set state = 'ready',
        approved_at = case when :approved then now() end, approved_by = case when :approved then :actor end,
        declined_at = case when :approved then null else now() end, declined_by = case when :approved then null else :actor end
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
