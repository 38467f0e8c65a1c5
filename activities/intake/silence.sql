-- Every query of listening to storefronts: what they usually send, and whether one has fallen silent.

-- name: hold_listening
-- Of several workers one listens at a time.
select pg_try_advisory_xact_lock(hashtextextended('listening to stores', 0));

-- name: listen
-- What came since the last look, and a little more, for a delivery is seen once its transaction has ended. A store whose row
-- somebody holds has its turn next time. Returns those that were silent, and are heard again.
with came as (
    select i.store_id, i.received_at from inbox i
    where not i.lasting and i.received_at > (
        select greatest(coalesce(max(heard_at), '-infinity') - interval '5 minutes', now() - interval '21 days') from stores)
), held as materialized (
    select id, heard_at, silent_at from stores
    where id in (select store_id from came)
    order by id
    for no key update skip locked
), fresh as (
    select c.store_id, c.received_at,
           c.received_at - coalesce(lag(c.received_at) over (partition by c.store_id order by c.received_at), h.heard_at) as pause
    from came c join held h on h.id = c.store_id
    where c.received_at > coalesce(h.heard_at, '-infinity')
), counted as (
    insert into store_days (store_id, day, deliveries, longest_pause)
    select store_id, (received_at at time zone 'UTC')::date, count(*), coalesce(max(pause), '0') from fresh group by 1, 2
    on conflict (store_id, day) do update
    set deliveries = store_days.deliveries + excluded.deliveries,
        longest_pause = greatest(store_days.longest_pause, excluded.longest_pause)
), heard as (
    update stores s set heard_at = last.at, silent_at = null
    from (select store_id, max(received_at) as at from fresh group by 1) last
    where s.id = last.store_id
    returning s.id, s.heard_at
)
select held.id as store_id, held.heard_at as silent_since, heard.heard_at
from held join heard on heard.id = held.id
where held.silent_at is not null;

-- name: fall_silent
-- Those that are silent for longer than they may be.
update stores set silent_at = now()
where id in (
    select id from stores
    where silent_at is null and heard_at < now() - interval '1 hour' and heard_at < now() - longest_silence(id)
    order by id
    for no key update skip locked)
returning id as store_id, heard_at, longest_silence(id) as longest;

-- name: forget_days
delete from store_days where day < (now() at time zone 'UTC')::date - 21;

-- name: expect_nothing
-- As if it had never been heard; what it sent until now is not listened to again.
with forgotten as (
    delete from store_days where store_id = :store_id
)
update stores set heard_at = now(), silent_at = null where id = :store_id
returning id;
