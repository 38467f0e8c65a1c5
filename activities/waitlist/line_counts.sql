-- Every query of the counts of lines.

-- name: alone
-- Whether no other worker folds, until the transaction ends: two would delete the same sums.
select pg_try_advisory_xact_lock(hashtext('fold line counts'));

-- name: fold
-- Some of the rows that were added, and what they were folded into before, become one for each sum. Whoever reads sees all of
-- them or the one.
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
    insert into line_counts (alert_id, store_id, subject, what, quarter, reason, count, folded)
    select alert_id, store_id, subject, what, quarter, reason, sum(count), true
    from gone group by 1, 2, 3, 4, 5, 6 having sum(count) <> 0
)
select count(*) from added;
