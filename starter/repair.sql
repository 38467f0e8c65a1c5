-- Every query of repairs.

-- name: stuck
select j.held_up_by as cause, j.conversation, j.version_id as version, j.at_step as step, count(*) as journeys,
       min(j.at_since) as since, min(j.id) as example
from journeys j
where j.ended_at is null and j.held_up_by = any($1::text[])
group by 1, 2, 3, 4
order by since
limit 500;

-- name: others
select (select count(*) from outbox where parked_at is not null) as parked,
       (select count(*) from sends where state = 'unknown') as unknown;

-- name: standing
select j.id, j.at_step, j.at_since, j.held_up_by, j.ended_at is not null as ended, j.version_id,
       coalesce(w.state = 'waiting', false) as in_line,
       (select s.state from sends s where s.journey_id = j.id and s.step = j.at_step order by s.round desc limit 1) as send
from journeys j left join waiting w on w.journey_id = j.id
where j.id = $1
for update of j;

-- name: skip_message
-- What somebody is sending, or has sent, is not passed over: it may be on its way.
update sends set state = 'refused', outcome = $3, settled_at = now()
where journey_id = $1 and step = $2 and state in ('ready', 'held');

-- name: push
insert into outbox (kind, journey_id, payload) values ($2, $1, $3);

-- name: let_go
update journeys set held_up_by = null where id = $1;

-- name: count_stopped
select count(*) from journeys
where ended_at is null and held_up_by = $1 and ($2::text is null or conversation = $2) and ($3::text is null or at_step = $3);

-- name: resume
-- Every journey that the same cause holds up tries again; those that stop once more are recorded anew.
with stopped as (
    select id, at_step from journeys
    where ended_at is null and held_up_by = $1 and ($2::text is null or conversation = $2)
      and ($3::text is null or at_step = $3)
    order by at_since for update
), woken as (
    insert into outbox (kind, journey_id, payload)
    select 'wake', id, jsonb_build_object('step', at_step) from stopped
)
update journeys set held_up_by = null where id in (select id from stopped)
returning id;

-- name: audit
insert into audit (actor, action, details) values ($1, $2, $3);
