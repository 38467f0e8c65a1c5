-- Every query of what happened in a conversation. Periods are half open, in instants; everything that is counted comes from
-- `happened_in` and `stands_in`, so that a number and those behind it are the same rows.

-- name: clock
-- By whose clock its days are; nothing where no list of these stores was ever published with it.
select l.code, l.name, l.time_zone
from conversations c
join versions v on v.id = coalesce(c.published, (select id from versions where conversation = c.code order by number desc limit 1))
join lists l on l.code = v.document -> 'list' ->> 'code'
where c.code = :conversation and (:stores::text[] is null or l.stores is null or l.stores && :stores);

-- name: figures
-- Narrowed by version or stores. By contact first: it is how people are told apart without sorting everything that happened.
with each_contact as (
    select place, what, reason, currency, contact_id, count(*) as times, sum(amount) as amount,
           count(*) filter (where not cancelled) as orders
    from (
        select * from happened_in(:conversation, :since, :until, :stores, :version)
        union all
        select * from stands_in(:conversation, :stores, :version)
    ) found
    group by 1, 2, 3, 4, 5
)
select place, what, reason, currency, sum(times)::bigint as times, count(distinct contact_id) as people,
       coalesce(sum(amount), 0) as amount, sum(orders)::bigint as orders
from each_contact group by 1, 2, 3, 4;

-- name: people
-- Those behind a number that is not of entries, the latest first, after a cursor.
select max(contact_id) as contact_id, max(journey_id) as journey_id, max(store_id) as store_id, max(at) as at,
       count(*) as times, max(reason) as reason, sum(amount) as amount, max(currency) as currency, key
from (
    select * from happened_in(:conversation, :since, :until, :stores, :version)
    union all
    select * from stands_in(:conversation, :stores, :version)
) found
where what = :what and place = :place and (:reason::text is null or reason = :reason)
  and (:currency::text is null or currency = :currency)
group by key
having :before::timestamptz is null or (max(at), key) < (:before, :before_key::text)
order by at desc, key desc
limit :most;

-- name: entered
-- Those who came to a place, the latest first, after a cursor; each contact once (`one_each`), as of when they came last, or each time.
-- Of a part of the period, `from` to `to`.
with page as (
    select e.*, case when :one_each then e.contact_id else e.key end as by
    from conversation_entries e
    where e.conversation = :conversation and e.place = :place and e.at_step = :at_step and e.at >= :from and e.at < :to
      and (:stores::text[] is null or e.store_id = any(:stores)) and (:version::text is null or e.version_id = :version)
      and (:before::timestamptz is null
           or (e.at, case when :one_each then e.contact_id else e.key end) < (:before, :before_key::text))
      and not (:one_each and exists (
          select from conversation_entries l
          where l.conversation = :conversation and l.contact_id = e.contact_id and l.place = :place and l.at_step = :at_step
            and l.at >= e.at and l.at < :until and (l.at, l.key) > (e.at, e.key)
            and (:stores::text[] is null or l.store_id = any(:stores)) and (:version::text is null or l.version_id = :version)))
    order by e.at desc, by desc
    limit :most
)
select p.contact_id, p.journey_id, p.store_id, p.at, null as reason, null::numeric as amount, null as currency, p.by as key,
       case when :one_each then (
           select count(*) from conversation_entries e
           where e.conversation = :conversation and e.contact_id = p.contact_id and e.place = :place and e.at_step = :at_step
             and e.at >= :since and e.at < :until
             and (:stores::text[] is null or e.store_id = any(:stores)) and (:version::text is null or e.version_id = :version)
       ) else 1 end as times
from page p order by p.at desc, p.by desc;
