-- Every query of coupon codes.

-- name: add
-- In the order in which they are given. Returns those that are new.
insert into coupons (coupon_list, code, added_at)
select :coupon_list, code, clock_timestamp() from unnest(:codes::text[]) with ordinality given (code, number) order by number
on conflict (upper(code)) do nothing
returning code;

-- name: lists
with used as (
    select section ->> 'coupons' as coupon_list, array_agg(id order by id) as alerts from alerts
    where not retired and section ->> 'coupons' is not null group by 1
), counted as (
    select coupon_list, count(*) as codes, count(*) filter (where claim_id is null and redeemed_at is null) as free,
           count(*) filter (where claim_id is not null) as reserved, count(*) filter (where redeemed_at is not null) as redeemed
    from coupons group by 1
), missed as (
    select coupon_list, count(*) as missing, max(missed_at) as last_missing_at from coupons_missing group by 1
)
select coupon_list, coalesce(c.codes, 0) as codes, coalesce(c.free, 0) as free, coalesce(c.reserved, 0) as reserved,
       coalesce(c.redeemed, 0) as redeemed, coalesce(m.missing, 0) as missing, m.last_missing_at, coalesce(u.alerts, '{}') as alerts
from counted c full join used u using (coupon_list) left join missed m using (coupon_list)
where :stores::text[] is null or (u.alerts is not null and not exists (
    select from alerts a join lists l on l.code = a.list_code
    where a.id = any(u.alerts) and not coalesce(l.stores <@ :stores, false)))
order by coupon_list;
