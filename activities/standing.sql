-- Every query of where journeys rest.

-- name: stand
update journeys
set at_step = $2, held_up_by = $3, at_since = case when at_step is distinct from $2 then now() else at_since end
where id = $1 and ended_at is null;

-- name: hold_journey
select from journeys where id = $1 for no key update;

-- name: moved
with done as (
    update operation_journeys set done_at = now() where operation_id = $3 and journey_id = $1 and done_at is null
)
update journeys set version_id = $2, moved_at = now()
where id = $1 and not exists (
    select from operation_journeys later
    where later.journey_id = $1 and later.operation_id > $3 and later.done_at is not null);
