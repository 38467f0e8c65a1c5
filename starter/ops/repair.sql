-- Every query of repairs.

-- name: stuck
-- Stopped journeys, as they have it on record; and those of whom a message waits for approval, as the ledger has it.
select * from (
    select j.held_up_by as cause, j.conversation, j.version_id as version, j.at_step as step, count(*) as journeys,
           min(j.at_since) as since, min(j.id) as example
    from journeys j
    where j.ended_at is null and j.held_up_by = any($1::text[])
    group by 1, 2, 3, 4
    union all
    select 'awaiting_approval', j.conversation, j.version_id, s.step, count(*), min(s.opened_at), min(j.id)
    from sends s join journeys j on j.id = s.journey_id
    where s.state = 'held' and j.ended_at is null
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
-- The newest message of a step, before the journey itself, as deliver takes them.
select key, state, settled_at from sends where journey_id = $1 and step = $2 order by round desc limit 1 for update;

-- name: hold_journey
select ended_at is not null as ended, case when at_step = $2 then at_since end as since from journeys where id = $1 for update;

-- name: pass_over
update sends set state = 'refused', outcome = $2, settled_at = now() where key = $1;

-- name: intervene
insert into outbox (kind, journey_id, payload) values ('intervene', $1, $2);

-- name: let_go
-- It is held up no longer, as far as we know; if it is, it says so again.
update journeys set held_up_by = null where id = $1;

-- name: count_stopped
select count(*) from journeys
where ended_at is null and held_up_by = $1 and ($2::text is null or conversation = $2) and ($3::text is null or at_step = $3);

-- name: resume
-- By id, so that each goes on once, also if it stops again at once.
with stopped as (
    select id, at_step from journeys
    where ended_at is null and held_up_by = $1 and id > $4
      and ($2::text is null or conversation = $2) and ($3::text is null or at_step = $3)
    order by id limit $5 for update
), woken as (
    insert into outbox (kind, journey_id, payload)
    select 'intervene', id, jsonb_build_object('intervention', jsonb_build_object('kind', 'wake', 'step', at_step))
    from stopped
)
update journeys set held_up_by = null where id in (select id from stopped)
returning id;

-- name: audit
insert into audit (actor, action, details) values ($1, $2, $3);
