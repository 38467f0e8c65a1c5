-- Every query of what a publication means for who can enter.

-- name: other_sign_ups
-- Nothing, where this list has no alert by sign-up, or where every other one is for other stores or entered by name only.
select a.id, a.conversation, a.list_code,
       case when own.stores is null then l.stores
            when l.stores is null then own.stores
            else array(select unnest(own.stores) intersect select unnest(l.stores) order by 1) end as stores
from lists own
join lists l on l.code <> own.code and (own.stores is null or l.stores is null or own.stores && l.stores)
join alerts a on a.list_code = l.code
where own.code = :list_code and not own.only_by_name and not l.only_by_name and a.action = 'sign-up' and not a.retired
  and exists (select from alerts o where o.list_code = own.code and o.action = 'sign-up' and not o.retired)
order by a.id
limit 1;

-- name: known_stores
select id from stores order by id;

-- name: other_currencies
select id, currency from stores where currency <> :currency and is_for(:stores::text[], id) order by id limit 20;

-- name: lists_for_some
select code, stores from lists where code = any(:codes::text[]) and stores is not null;

-- name: lists_without_codes
select name from unnest(:lists::text[]) name
where not exists (select from coupons where coupon_list = name and claim_id is null and redeemed_at is null);
