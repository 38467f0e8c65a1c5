-- People who wait, put there as their sign-ups and visits would have, many at a time.

-- name: wait_in_line
-- $1 prefix of their ids, $2 how many, $3 store, $4 variant, $5 alert, $6 the bound they are told at or null,
-- $7 whether a fall to it would be a crossing, $8 whether their workflows start.
with people as (
    select 'c-' || $1 || n as contact_id, 'j-' || $1 || n as journey_id, $1 || n || '@example.com' as email, n
    from generate_series(1, $2::int) n
), watched as (
    select a.id as alert_id, a.conversation, c.published, 'variant/' || v.variant_id as subject, v.product_id
    from alerts a join conversations c on c.code = a.conversation, variants v
    where a.id = $5 and v.store_id = $3 and v.variant_id = $4
), contact as (
    insert into contacts (id, email) select contact_id, email from people
), consent as (
    insert into consents (contact_id, channel, granted, source) select contact_id, 'email', true, 'bench' from people
), journey as (
    insert into journeys
        (id, contact_id, store_id, subject, product_id, alert_id, conversation, version_id, entered_at, window_ends_at)
    select journey_id, contact_id, $3, subject, product_id, alert_id, conversation, published,
           now(), now() + interval '180 days'
    from people cross join watched
), line as (
    insert into waiting (journey_id, alert_id, contact_id, store_id, subject, entered_at, trigger_at, armed)
    select journey_id, alert_id, contact_id, $3, subject, now(), $6::numeric, $7 from people cross join watched order by n
)
insert into outbox (kind, journey_id) select 'start_journey', journey_id from people where $8::boolean order by n;
