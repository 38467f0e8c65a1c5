-- Every query of the counts of lines.

-- name: alone
-- Whether no other worker folds, until the transaction ends: two would delete the same sums.
select pg_try_advisory_xact_lock(hashtext('fold line counts'));

-- name: fold
-- Some of the rows that were added, and what they were folded into before, become one for each sum. Whoever reads sees all of
-- them or the one. The lines that they changed, of lists that tell of long ones, are held against their list's number.
with added as (
    select * from line_counts where not folded order by id limit :most for update skip locked
), sums as (
    select distinct alert_id, store_id, subject, what, quarter, reason from added
), gone as (
    delete from line_counts c
    where c.id in (
        select id from added
        union all
        select f.id from sums s join line_counts f
          on f.store_id = s.store_id and f.subject = s.subject and f.alert_id = s.alert_id and f.what = s.what
         and f.quarter is not distinct from s.quarter and f.reason is not distinct from s.reason and f.folded)
    returning *
), folded as (
    insert into line_counts (alert_id, store_id, subject, what, quarter, reason, count, units, folded)
    select alert_id, store_id, subject, what, quarter, reason, sum(count), sum(units), true
    from gone group by 1, 2, 3, 4, 5, 6 having sum(count) <> 0 or sum(units) <> 0
)
, changed as (
    select t.*, l.tell_when_waiting as number, (
        select sum(c.count) from line_counts c
        where c.store_id = t.store_id and c.subject = t.subject and c.alert_id = t.alert_id and c.what = 'waiting') as waiting
    from (select distinct alert_id, store_id, subject from added where what = 'waiting') t
    join alerts a on a.id = t.alert_id join lists l on l.code = a.list_code and l.tell_when_waiting is not null
), grown as (
    insert into long_lines (alert_id, store_id, subject, waiting)
    select alert_id, store_id, subject, waiting from changed where waiting >= number
    on conflict do nothing
), fallen as (
    delete from long_lines g using changed c
    where g.store_id = c.store_id and g.subject = c.subject and g.alert_id = c.alert_id and c.waiting < c.number / 2.0
)
select count(*) from added;

-- name: forget_long_lines
-- Of lists that tell of none any more.
delete from long_lines g using alerts a join lists l on l.code = a.list_code
where a.id = g.alert_id and l.tell_when_waiting is null;

-- name: say_long_lines
-- Those that were not said yet, which now they are.
update long_lines g set said_at = now()
from alerts a join lists l on l.code = a.list_code
where a.id = g.alert_id and g.said_at is null
returning g.alert_id as alert, l.code as list_code, g.store_id as store, g.subject, g.waiting, l.tell_when_waiting as number;
