-- Every query of what journeys came by.

-- name: record
insert into path_entries (journey_id, number, step, entered_at)
select journey_id, number, step, entered_at
-- By subqueries, so that one plan does for however many they are.
from unnest((select :journey_ids::text[]), (select :numbers::integer[]), (select :steps::text[]), (select :moments::timestamptz[]))
    entered (journey_id, number, step, entered_at)
where exists (select from journeys where id = journey_id)
on conflict do nothing;
