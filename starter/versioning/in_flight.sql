-- Every query of who is under way.

-- name: standing
-- The open journeys of a conversation ($1) on other versions than $2, by version, alert and place; and those on it that
-- are on their way to another. Whoever is asked to leave is not counted. $3: the name of standing in line.
select j.version_id as version, j.alert_id as alert, case when w.state = 'waiting' then $3 else j.at_step end as place,
       count(*) as journeys, count(*) filter (where w.state in ('waiting', 'claimed')) as in_line
from journeys j left join waiting w on w.journey_id = j.id
where j.conversation = $1 and j.ended_at is null and j.leaving is null
  and (j.version_id <> $2 or exists (
      select from operation_journeys o
      where o.journey_id = j.id and o.done_at is null and o.superseded_by is null))
group by 1, 2, 3
order by 1, 4 desc, 3, 2;

-- name: programs
select id, program from versions where id = any($1::text[]);
