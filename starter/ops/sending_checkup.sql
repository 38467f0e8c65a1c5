-- Every query of the part of the check-up that looks at what messages need to leave.

-- name: stopped_senders
-- The senders that are at fault, the first of them; and how many journeys rest for that.
select count(*) over () as senders, channel, sender, why, stopped_at,
       (select count(*) from journeys where ended_at is null and held_up_by = 'sender_at_fault') as journeys
from stopped_senders order by stopped_at limit 1;

-- name: scarce_coupons
-- Lists that alerts in force give codes of, and have few left; those first for which none was left lately.
select u.coupon_list, (select count(*) from coupons c
                       where c.coupon_list = u.coupon_list and c.claim_id is null and c.redeemed_at is null) as free,
       (select count(*) from coupons_missing m where m.coupon_list = u.coupon_list and m.missed_at > now() - :lately::interval) as missing
from (select distinct section ->> 'coupons' as coupon_list from alerts where not retired and section ->> 'coupons' is not null) u
order by missing desc, free, coupon_list;

-- name: texting
-- Published conversations that speak on this channel.
select distinct c.code from conversations c join versions v on v.id = c.published
cross join lateral channels_of(v.id) as spoken (channel)
where spoken.channel = :channel order by c.code;
