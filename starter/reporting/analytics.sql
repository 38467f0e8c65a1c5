-- Every query of what happened in a conversation. Periods are half open, in instants; everything that is counted comes from
-- `happened_in`, so that a number and those behind it are the same rows.

-- name: clock
-- By whose clock its days are; nothing where no list of these stores was ever published with it.
select l.code, l.name, l.time_zone
from conversations c
join versions v on v.id = coalesce(c.published, (select id from versions where conversation = c.code order by number desc limit 1))
join lists l on l.code = v.document -> 'list' ->> 'code'
where c.code = :conversation and (:stores::text[] is null or l.stores is null or l.stores && :stores);

-- name: figures
-- By contact first: it is how people are told apart without sorting everything that happened.
with each_contact as (
    select place, what, reason, currency, contact_id, count(*) as times, sum(amount) as amount,
           count(*) filter (where not cancelled) as orders
    from happened_in(:conversation, :since, :until, :stores, :version)
    group by 1, 2, 3, 4, 5
)
select place, what, reason, currency, sum(times)::bigint as times, count(distinct contact_id) as people,
       coalesce(sum(amount), 0) as amount, sum(orders)::bigint as orders
from each_contact group by 1, 2, 3, 4 order by 1, 2, 3, 4;

-- name: people
-- Those behind one number, the latest first, after a cursor.
select max(contact_id) as contact_id, max(journey_id) as journey_id, max(store_id) as store_id, max(at) as at,
       count(*) as times, max(reason) as reason, sum(amount) as amount, max(currency) as currency,
       case when :one_each then contact_id else key end as key
from happened_in(:conversation, :since, :until, :stores, :version)
where what = :what and place = :place and (:reason::text is null or reason = :reason)
  and (:currency::text is null or currency = :currency)
group by case when :one_each then contact_id else key end
having :before::timestamptz is null
    or (max(at), case when :one_each then contact_id else key end) < (:before, :before_key::text)
order by at desc, key desc
limit :most;
