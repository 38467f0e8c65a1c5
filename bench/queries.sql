-- Every query of the benchmark.

-- name: analyze
analyze;

-- name: wait_in_line
-- Puts people in line as their sign-ups and visits would have, many at a time.
-- `count` people, whose ids begin with `prefix`; each is notified at `trigger_at`, or, if that is null, of any units.
-- `armed`: a fall to that bound would be a crossing. `start`: their workflows are started; `late`: as those of an import.
with people as (
    select 'c-' || :prefix || n as contact_id, 'j-' || :prefix || n as journey_id, :prefix || n || '@example.com' as email, n
    from generate_series(1, :count::int) n
), watched as (
    select a.id as alert_id, a.type, a.conversation, c.published, 'variant/' || v.variant_id as subject, v.product_id
    from alerts a join conversations c on c.code = a.conversation, variants v
    where a.id = :alert and v.store_id = :store_id and v.variant_id = :variant_id
), contact as (
    insert into contacts (id, email) select contact_id, email from people
), consent as (
    insert into consents (contact_id, channel, granted, source) select contact_id, 'email', true, 'bench' from people
), journey as (
    insert into journeys
        (id, contact_id, store_id, subject, product_id, alert_id, conversation, version_id, entered_at, window_ends_at, late)
    select journey_id, contact_id, :store_id, subject, product_id, alert_id, conversation, published,
           now(), now() + interval '180 days', :late
    from people cross join watched
), line as (
    insert into waiting (journey_id, alert_id, type, contact_id, store_id, subject, entered_at, trigger_at, armed)
    select journey_id, alert_id, type, contact_id, :store_id, subject, now(), :trigger_at::numeric, :armed from people cross join watched order by n
)
insert into outbox (kind, journey_id) select 'start_journey', journey_id from people where :start::boolean order by n;

-- name: last_in_line
select w.journey_id, c.email from waiting w join contacts c on c.id = w.contact_id
where w.store_id = :store_id and w.subject = 'variant/' || :variant_id and w.alert_id = :alert and w.state = 'waiting'
order by w.entered_at desc, w.place desc limit 1;

-- name: start_late
insert into outbox (kind, journey_id) select 'start_journey', id from journeys where late and ended_at is null;

-- name: forget_late
delete from outbox where priority = 5;

-- name: some_moved
select id from journeys where conversation = 'moved' limit :most;

-- name: unconfirmed
select exists (select from operation_journeys where operation_id = :operation and done_at is null);

-- name: count_of_version
select count(*) from journeys where version_id = :version;

-- name: ended_last
select id from journeys where ended_at is not null order by ended_at desc limit :most;

-- name: some_archived
select journey_id from archivings where outcome = 'kept' limit :most;
