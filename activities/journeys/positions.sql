-- Every query of where journeys rest.

-- name: record_position
update journeys
set at_step = :step, held_up_by = :cause,
    at_since = case when at_step is distinct from :step then now() else at_since end
where id = :journey_id and ended_at is null;

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
