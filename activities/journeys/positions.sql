-- Every query of where journeys rest.

-- name: record_position
update journeys
set at_step = :step, held_up_by = :cause,
    at_since = case when at_step is distinct from :step then now() else at_since end
where id = :journey_id and ended_at is null;

-- name: record_stopped
-- It rests because its sender is at fault, on the channel of the step's message: unless that was mended meanwhile, and then it is to try again. The stop is locked
-- for share, so that whoever resumes, and lifts it, finds either this rest or has lifted it before.
with message as (
    select v.document #>> array['messages', m.message, 'channel'] as channel
    from sends m join journeys j on j.id = m.journey_id join versions v on v.id = j.version_id
    where m.journey_id = :journey_id and m.step = :step order by m.round desc limit 1
), stop as (
    select from stopped_senders s, journeys j join lists l on l.code = list_of(j)
    where j.id = :journey_id and s.channel = coalesce((select channel from message), s.channel)
      and coalesce(s.sender = coalesce(l.sender, ''), true)
    for share of s
), here as (
    update journeys
    set at_step = :step, held_up_by = case when (select count(*) from stop) > 0 then :cause end,
        at_since = case when at_step is distinct from :step then now() else at_since end
    where id = :journey_id and ended_at is null
    returning id
)
insert into outbox (kind, journey_id, payload)
select 'intervene', id, jsonb_build_object('intervention', jsonb_build_object('kind', 'wake', 'step', :step::text))
from here where (select count(*) from stop) = 0;

-- name: hold_journey
select from journeys where id = :journey_id for no key update;

-- name: moved
with done as (
    update operation_journeys set done_at = now() where operation_id = :operation_id and journey_id = :journey_id and done_at is null
)
update journeys set version_id = :version, moved_at = now()
where id = :journey_id and not exists (
    select from operation_journeys later
    where later.journey_id = :journey_id and later.operation_id > :operation_id and later.done_at is not null);
