-- Every query of what people say of a store.

-- name: name
-- A currency given by hand is the newest word on it, until the store's platform tells of another.
insert into stores (id, source, name, url, currency, currency_observed_at, cap_messages, cap_length)
values (:store_id, 'api', :name, :url, :currency, case when :currency::text is not null then now() end, :cap_messages, :cap_length)
on conflict (id) do update
set name = excluded.name, url = excluded.url, currency = coalesce(excluded.currency, stores.currency),
    currency_observed_at = coalesce(excluded.currency_observed_at, stores.currency_observed_at),
    cap_messages = case when :cap_told then excluded.cap_messages else stores.cap_messages end,
    cap_length = case when :cap_told then excluded.cap_length else stores.cap_length end
returning id as store, name, url, currency, cap_messages, cap_length;

-- name: cap
update stores set cap_messages = :cap_messages, cap_length = :cap_length where id = :store_id
returning id as store, name, url, currency, cap_messages, cap_length;

-- name: heard
-- As of the last look of a worker. What came by hand alone was never heard.
select id as store, source, case when exists (select from store_days where store_id = id) then heard_at end as heard_at, silent_at,
       round(extract(epoch from longest_silence(id)) / 60)::bigint as longest_silence_minutes
from stores
order by silent_at is null, id
limit :most;

-- name: show
select id as store, name, url, currency, cap_messages, cap_length from stores where id = :store_id;
