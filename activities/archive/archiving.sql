-- Every query of the archiving: whose histories are to be archived, and what became of them.

-- name: to_archive
-- The next journeys that have ended and whose histories nobody has looked at, those that ended first before all others.
select id, ended_at from journeys
where ended_at is not null and archived_at is null and ended_at <= now() - :young::interval
  and (ended_at, id) > (:after::timestamptz, :last::text)
order by ended_at, id
limit :most;

-- name: settle
-- What became of one history, once.
with settled as (
    update journeys set archived_at = now() where id = :journey_id and archived_at is null returning id
)
insert into archivings (journey_id, outcome, archive, run_id, events, bytes)
select id, :outcome, :archive, :run_id, :events, :bytes from settled
on conflict (journey_id) do update
set outcome = excluded.outcome, archive = excluded.archive, run_id = excluded.run_id, events = excluded.events,
    bytes = excluded.bytes, settled_at = now();

-- name: status
select
    count(*) filter (where outcome = 'kept') as kept,
    count(*) filter (where outcome = 'gone') as gone,
    count(*) filter (where outcome = 'too_large') as too_large,
    (select count(*) from journeys where ended_at is not null and archived_at is null) as to_do,
    coalesce(sum(bytes), 0)::bigint as bytes,
    max(settled_at) as last_at
from archivings;
