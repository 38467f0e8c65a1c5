-- Every query of what journeys came by.

-- name: record
insert into path_entries (journey_id, number, step, entered_at)
select :journey_id, number, step, entered_at
from unnest(:numbers::integer[], :steps::text[], :moments::timestamptz[]) entered (number, step, entered_at)
where exists (select from journeys where id = :journey_id)
on conflict do nothing;
