-- Every query of the part of the check-up that looks at lines.

-- name: long_lines
-- How many have grown past the number of their list, and the one that did so last.
select count(*) over () as lines, g.store_id, g.subject, g.alert_id, l.tell_when_waiting as number, g.since,
       (select coalesce(sum(c.count), 0)::bigint from line_counts c
        where c.store_id = g.store_id and c.subject = g.subject and c.alert_id = g.alert_id and c.what = 'waiting') as waiting
from long_lines g join alerts a on a.id = g.alert_id join lists l on l.code = a.list_code
where l.tell_when_waiting is not null
order by g.since desc, g.store_id, g.subject, g.alert_id limit 1;
