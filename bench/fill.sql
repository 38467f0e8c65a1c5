-- People who wait, put there as their sign-ups would have, many at a time.

-- name: wait_in_line
-- $1 prefix of their ids, $2 the first number, $3 how many, $4 store, $5 variant, $6 whether their workflows start.
with people as (
    select 'c-' || $1 || n as contact_id, 'j-' || $1 || n as journey_id, $1 || n || '@example.com' as email, n
    from generate_series($2::int, $2::int + $3::int - 1) n
), contact as (
    insert into contacts (id, email) select contact_id, email from people
), consent as (
    insert into consents (contact_id, channel, granted, source) select contact_id, 'email', true, 'bench' from people
), journey as (
    insert into journeys (id, contact_id, store_id, variant_id, alert_id, version_id, entered_at, window_ends_at)
    select journey_id, contact_id, $4, $5, a.id, c.published, now(), now() + interval '180 days'
    from people cross join alerts a join conversations c on c.code = a.conversation
), line as (
    insert into waiting (journey_id, alert_id, contact_id, store_id, variant_id, entered_at)
    select journey_id, a.id, contact_id, $4, $5, now() from people cross join alerts a order by n
)
insert into outbox (kind, journey_id) select 'start_journey', journey_id from people where $6::boolean order by n;
