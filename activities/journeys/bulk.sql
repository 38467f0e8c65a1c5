-- Every query of running an operation on many journeys.

-- name: operation
select o.kind, v.program from operations o left join versions v on v.id = o.to_version where o.id = :operation_id;

-- name: hold
-- Locked while a batch is asked: a newer operation on the same journeys begins before or after it, not meanwhile.
select from operations where id = :operation_id for share;

-- name: to_ask
select oj.journey_id, j.ended_at is not null as ended, j.leaving
from operation_journeys oj join journeys j on j.id = oj.journey_id
where oj.operation_id = :operation_id and oj.journey_id > :after and oj.asked_at is null and oj.superseded_by is null
order by oj.journey_id
limit :most;

-- name: will_end
-- Mark the journeys of the next batch as leaving, so that they send no more messages; one that was leaving keeps its reason.
update journeys set leaving = coalesce(leaving, :reason)
where ended_at is null and id in (
    select oj.journey_id from operation_journeys oj
    where oj.operation_id = :operation_id and oj.journey_id > :after and oj.asked_at is null and oj.superseded_by is null
    order by oj.journey_id limit :most);

-- name: asked
update operation_journeys set asked_at = now() where operation_id = :operation_id and journey_id = any(:journey_ids::text[]);

-- name: finish
update operations o set finished_at = coalesce(finished_at, now())
where id = :operation_id and not exists (
    select from operation_journeys oj where oj.operation_id = o.id and oj.asked_at is null and oj.superseded_by is null);
