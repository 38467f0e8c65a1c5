-- People who wait, put there as their sign-ups and visits would have, many at a time.

-- name: wait_in_line
-- Their ids begin with `prefix`. `bound`: what they are told at, or null; `armed`: a fall to it would be a crossing; `start`:
-- their workflows start.
with people as (
    select 'c-' || :prefix || n as contact_id, 'j-' || :prefix || n as journey_id, :prefix || n || '@example.com' as email, n
    from generate_series(1, :count::int) n
), watched as (
    select a.id as alert_id, a.conversation, c.published, 'variant/' || v.variant_id as subject, v.product_id
    from alerts a join conversations c on c.code = a.conversation, variants v
    where a.id = :alert_id and v.store_id = :store_id and v.variant_id = :variant_id
), contact as (
    insert into contacts (id, email) select contact_id, email from people
), consent as (
    insert into consents (contact_id, channel, granted, source) select contact_id, 'email', true, 'bench' from people
), journey as (
    insert into journeys
        (id, contact_id, store_id, subject, product_id, alert_id, conversation, version_id, entered_at, window_ends_at)
    select journey_id, contact_id, :store_id, subject, product_id, alert_id, conversation, published,
           now(), now() + interval '180 days'
    from people cross join watched
), line as (
    insert into waiting (journey_id, alert_id, contact_id, store_id, subject, entered_at, trigger_at, armed)
    select journey_id, alert_id, contact_id, :store_id, subject, now(), :bound::numeric, :armed from people cross join watched order by n
)
insert into outbox (kind, journey_id) select 'start_journey', journey_id from people where :start::boolean order by n;
