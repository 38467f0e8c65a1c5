-- Every query of `shelftalk doctor` that is not another module's.

-- name: server_version
show server_version;

-- name: spinning
-- Journeys that were given places and gave them back, again and again and lately; the one that did it most.
with spinning as (
    select c.journey_id, count(*) as times from claims c
    where c.state = 'returned' and c.settled_at > now() - :lately::interval
    group by 1 having count(*) >= :often
)
select count(*) as journeys, coalesce(max(times), 0) as most_times,
       (select journey_id from spinning order by times desc, journey_id limit 1) as most_of
from spinning;

-- name: contested
-- Variants that a storefront names for two products at once; the first of them.
select count(*) over () as variants, t.store_id, t.variant_id, v.product_id, t.product_id as also
from variants_named_twice t join variants v on v.store_id = t.store_id and v.variant_id = t.variant_id
where t.contested
order by t.since, t.variant_id limit 1;

-- name: left_alone
-- Requests to erase that were not done, neither then nor since; the first of them.
select count(*) over () as requests, a.at, a.action, a.details ->> 'store' as store_id, a.details ->> 'contact' as contact_id
from audit a
where a.at > now() - :lately::interval and a.action like any(array['contact not erased: %', 'shop not erased: %'])
  and not exists (
      select from audit done
      where done.at > a.at
        and case done.action
            when 'contact erased' then done.details ->> 'contact' = a.details ->> 'contact'
            when 'contact erased from one shop' then
                done.details ->> 'contact' = a.details ->> 'contact' and done.details ->> 'store' = a.details ->> 'store'
            when 'shop erased' then done.details ->> 'store' = a.details ->> 'store'
            else false end)
order by a.id limit 1;

-- name: paused
-- What nobody enters any more is paused too for those who are still under way in it.
select 'alert' as kind, a.id as code, a.paused_at from alerts a
where a.paused_at is not null
  and (not a.retired
       or exists (select from line_counts l where l.alert_id = a.id and l.what in ('waiting', 'unconfirmed', 'claimed') and l.count > 0))
union all
select 'conversation', c.code, c.paused_at from conversations c
where c.paused_at is not null
  and (c.published is not null
       or exists (select from journeys j where j.conversation = c.code and j.ended_at is null and j.leaving is null))
order by paused_at, code;

-- name: malformed
select count(*) as kept, (select error from inbox where state = 'malformed' order by id desc limit 1) as last_error
from inbox where state = 'malformed';

-- name: lists_that_ask
select distinct v.document -> 'list' ->> 'code' as code
from conversations c join versions v on v.id = c.published
where v.document -> 'list' ->> 'double_opt_in' is not null
order by 1;
