-- Every query of repairs.

-- name: stuck
-- Journeys that are stopped, by their own rows; and those with a message that waits for approval, by the ledger.
select * from (
    select j.held_up_by as cause, j.conversation, j.version_id as version, j.at_step as step, count(*) as journeys,
           min(j.at_since) as since, min(j.id) as example
    from journeys j
    where j.ended_at is null and j.held_up_by = any(:causes::text[]) and (:stores::text[] is null or j.store_id = any(:stores))
    group by 1, 2, 3, 4
    union all
    select 'awaiting_approval', j.conversation, j.version_id, s.step, count(*), min(s.opened_at), min(j.id)
    from sends s join journeys j on j.id = s.journey_id
    where s.state = 'held' and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores))
    group by 1, 2, 3, 4
) held_up
order by since
limit 500;

-- name: others
select (select count(*) from outbox where parked_at is not null) as parked,
       (select count(*) from sends where state = 'unknown') as unknown;

-- name: now
select clock_timestamp();

-- name: hold_message
-- The newest message of a step. Locked before the journey, in the order in which `deliver` locks them.
select key, state, settled_at from sends where journey_id = :journey_id and step = :step order by round desc limit 1 for update;

-- name: hold_journey
select ended_at is not null as ended, case when at_step = :step then at_since end as since from journeys where id = :journey_id for update;

-- name: pass_over
update sends set state = 'refused', outcome = :outcome, settled_at = now() where key = :key;

-- name: intervene
insert into outbox (kind, journey_id, payload) values ('intervene', :journey_id, :signal);

-- name: no_longer_held_up
-- If it still is, its workflow records that again.
update journeys set held_up_by = null where id = :journey_id;

-- name: count_stopped
select count(*) from journeys
where ended_at is null and held_up_by = :cause and (:conversation::text is null or conversation = :conversation) and (:step::text is null or at_step = :step)
  and (:stores::text[] is null or store_id = any(:stores));

-- name: count_stopped_senders
select count(*) from stopped_senders;

-- name: stopped_senders
select channel, sender, why, stopped_at from stopped_senders order by stopped_at, channel, sender;

-- name: lift_stops
delete from stopped_senders returning channel, sender, why;

-- name: resume
-- In order of id, so that each is woken once, even if it stops again at once.
with stopped as (
    select id, at_step from journeys
    where ended_at is null and held_up_by = :cause and id > :after
      and (:conversation::text is null or conversation = :conversation) and (:step::text is null or at_step = :step)
      and (:stores::text[] is null or store_id = any(:stores))
    order by id limit :most for update
), woken as (
    insert into outbox (kind, journey_id, payload)
    select 'intervene', id, jsonb_build_object('intervention', jsonb_build_object('kind', 'wake', 'step', at_step))
    from stopped
)
update journeys set held_up_by = null where id in (select id from stopped)
returning id;
