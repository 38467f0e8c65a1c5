-- Every query of carrying out an operation on many journeys.

-- name: operation
select o.kind, v.program from operations o left join versions v on v.id = o.to_version where o.id = $1;

-- name: hold
-- Held while a batch is asked, so that a newer operation on the same journeys begins before or after it, not meanwhile.
select from operations where id = $1 for share;

-- name: to_ask
select oj.journey_id, j.ended_at is not null as ended, j.leaving
from operation_journeys oj join journeys j on j.id = oj.journey_id
where oj.operation_id = $1 and oj.journey_id > $2 and oj.asked_at is null and oj.superseded_by is null
order by oj.journey_id
limit $3;

-- name: will_end
-- Of the same journeys: from here on no message leaves. Whoever was asked to leave before keeps that reason.
update journeys set leaving = coalesce(leaving, $4)
where ended_at is null and id in (
    select oj.journey_id from operation_journeys oj
    where oj.operation_id = $1 and oj.journey_id > $2 and oj.asked_at is null and oj.superseded_by is null
    order by oj.journey_id limit $3);

-- name: asked
update operation_journeys set asked_at = now() where operation_id = $1 and journey_id = any($2::text[]);

-- name: finish
update operations o set finished_at = coalesce(finished_at, now())
where id = $1 and not exists (
    select from operation_journeys oj where oj.operation_id = o.id and oj.asked_at is null and oj.superseded_by is null);
