-- Every query of counting the journeys under way.

-- name: open_journeys
-- The open journeys of a conversation on other versions than this, by version, alert and place; and those on it that are
-- asked to move to another. A journey that is asked to leave is not counted. `waiting_list`: the name of that place.
select j.version_id as version, j.alert_id as alert, case when w.state = 'waiting' then :waiting_list::text else j.at_step end as place,
       count(*) as journeys, count(*) filter (where w.state in ('waiting', 'claimed')) as in_line
from journeys j left join waiting w on w.journey_id = j.id
where j.conversation = :conversation and j.ended_at is null and j.leaving is null
  and (j.version_id <> :version or exists (
      select from operation_journeys o
      where o.journey_id = j.id and o.done_at is null and o.superseded_by is null))
group by 1, 2, 3
order by 1, 4 desc, 3, 2;

-- name: programs
select id, program from versions where id = any(:versions::text[]);
