-- What the console is measured on: a shop of some years, put there by SQL. Numbers decide who did what, so that every run has the
-- same. Triggers and foreign keys rest meanwhile (`unwatched`), and what triggers count is counted once at the end.

-- name: unwatched
set local session_replication_role = replica;

-- name: sells
-- One product for every two variants. Every twentieth variant is in stock.
with store as (
    insert into stores (id, source, name, currency, currency_observed_at, heard_at)
    values (:store, 'api', 'The benchmark''s shop', 'EUR', now(), now()) on conflict (id) do nothing
), product as (
    insert into products (store_id, product_id, title, handle, on_sale, observed_at)
    select :store, 'p' || n, 'Kettle ' || n, 'kettle-' || n, true, now() from generate_series(1, (:variants::int + 1) / 2) n
), stock as (
    insert into stock (store_id, inventory_item_id, location_id, available, observed_at)
    select :store, 'i' || n, '1', case when n % 20 = 0 then 5 else 0 end, now() from generate_series(1, :variants::int) n
)
insert into variants (store_id, variant_id, product_id, inventory_item_id, title, price, policy, tracked, total_observed_at)
select :store, 'v' || n, 'p' || (n + 1) / 2, 'i' || n, 'Size ' || n % 2, 49, 'deny', true, now()
from generate_series(1, :variants::int) n;

-- name: knows
with contact as (
    insert into contacts (id, email, created_at)
    select 'c-' || n, 'c' || n || '@example.com', now() - n % 400 * interval '1 day' from generate_series(1, :contacts::int) n
), tag as (
    insert into contact_tags (contact_id, tag) select 'c-' || n, 'vip' from generate_series(1, :contacts::int, 20) n
)
insert into consents (contact_id, channel, granted, source, given_at)
select 'c-' || n, 'email', true, 'form', now() - n % 400 * interval '1 day' from generate_series(1, :contacts::int) n;

-- name: looked_and_bought
-- Of a hundred: 75 views, 12 carts, 5 orders, 8 opened messages, over three months. Some were considered and did not enter.
insert into events (store_id, id, kind, contact_id, product_id, variant_id, quantity, happened_at, received_at, order_id, message_id, outcome)
select :store, 'e' || n, kind, 'c-' || n % :contacts::int + 1, 'p' || (v + 1) / 2, 'v' || v, 1, at, at,
       case when kind = 'ordered' then 'o' || n end, case when kind = 'opened_message' then 'm' || n end,
       case when n % 50 = 0 and kind = 'viewed_product' then jsonb_build_object('alerts', jsonb_build_array(jsonb_build_object(
           'alert', 'looked-at', 'variant', 'v' || v, 'result', 'not_entered', 'reason', 'filtered'))) else '{}' end
from generate_series(1, :events::int) n
cross join lateral (select n::bigint * 7919 % :variants::int + 1 as v, now() - n % 129600 * interval '1 minute' as at,
    case when n % 100 < 75 then 'viewed_product' when n % 100 < 87 then 'added_to_cart' when n % 100 < 92 then 'ordered'
         else 'opened_message' end as kind) did;

-- name: orders
with bought as (
    select * from events where kind = 'ordered'
), item as (
    insert into orders (store_id, order_id, contact_id, product_id, variant_id, ordered_at, observed_at)
    select store_id, order_id, contact_id, product_id, variant_id, happened_at, happened_at from bought
)
insert into order_totals (store_id, order_id, contact_id, ordered_at, currency, total, observed_at)
select store_id, order_id, contact_id, happened_at, 'EUR', 49, happened_at from bought;

-- name: journeys
-- Two for each contact. Of ten: four wait, one of them for the first variant; four were told, one of them two days ago at most and at rest
-- before its reminder; one waited in vain, one bought meanwhile. Every thousandth of those at rest is stopped.
with each as (
    select n, (n + n / :contacts::int) % 10 as fate, n::bigint * 37 % 43200 as minutes,
           case when (n + n / :contacts::int) % 10 = 0 then 1
                else 2 + (n::bigint * 7919 + n / :contacts::int * 13) % (:variants::int - 1) end as v
    from generate_series(0, 2 * :contacts::int - 1) n
)
insert into journeys (id, contact_id, conversation, version_id, alert_id, store_id, subject, product_id, entered_at, window_ends_at, told_at,
                      at_step, at_since, held_up_by, ended_at, ending, reason, archived_at)
select 'j-' || n, 'c-' || n % :contacts::int + 1, c.code, c.published, a.id, :store, 'variant/v' || v, 'p' || (v + 1) / 2, entered, entered + interval '180 days', told,
       case when fate = 7 then 'pause' end, case when fate = 7 then told end,
       case when fate = 7 and n % 1000 < 10 then 'message_broken' end,
       ended, case when ended is null then null when fate < 8 then 'completed' when fate = 8 then 'expired' else 'exited' end,
       case fate when 8 then 'window_ended' when 9 then 'purchased' end, ended
from each
join conversations c on c.code = 'back-in-stock' join alerts a on a.id = 'back-in-stock'
cross join lateral (select case when fate between 4 and 6 then now() - interval '3 days' - minutes * interval '1 minute'
                                when fate = 7 then now() - minutes % 2880 * interval '1 minute' end as told) t
cross join lateral (select coalesce(told, now() - minutes * interval '1 minute')
                           - case when fate < 4 then interval '0' when fate = 8 then interval '180 days' else interval '20 days' end as entered) e
cross join lateral (select case when fate < 4 or fate = 7 then null when fate < 7 then told + interval '2 days'
                                else now() - minutes * interval '1 minute' end as ended) o;

-- name: places
insert into waiting (journey_id, alert_id, type, contact_id, store_id, subject, entered_at, state, reason, counts_since)
select j.id, j.alert_id, a.type, j.contact_id, j.store_id, j.subject, j.entered_at,
       case when told_at is not null then 'told' when ended_at is not null then 'left' else 'waiting' end,
       case when told_at is null then j.reason end, j.entered_at
from journeys j join alerts a on a.id = j.alert_id order by j.entered_at;

-- name: stays
insert into path_entries (journey_id, number, step, entered_at)
select j.id, s.number, s.step, s.at
from journeys j
cross join lateral (values (0, 'waiting-list', entered_at), (1, 'it-is-back', told_at), (2, 'pause', told_at),
                           (3, 'still-here', told_at + interval '2 days'), (4, 'exit', told_at + interval '2 days')) s (number, step, at)
where s.number = 0 or told_at is not null and (s.number < 3 or ended_at is not null);

-- name: messages
-- One reminder of five was not sent, for it was sold out again. Every five hundredth message waits for approval.
insert into sends (key, journey_id, step, round, message, channel, event, subject, state, attempts, outcome, opened_at, settled_at, held_version)
select j.id || '/' || m.step || '/1', j.id, m.step, 1, m.step, 'email', 'alert', 'Kettle is back',
       case when held then 'held' when refused then 'refused' else 'sent' end, 1,
       case when held then null when refused then '{"kind": "refused", "reason": "sold_out_again", "then": "go_on"}'::jsonb
            else jsonb_build_object('kind', 'sent', 'message_id', j.id || '.' || m.step || '.1', 'at', m.at) end, m.at, case when not held then m.at end, case when held then j.version_id end
from journeys j
cross join lateral (values ('it-is-back', told_at), ('still-here', told_at + interval '2 days')) m (step, at)
cross join lateral (select m.step = 'still-here' and substr(j.id, 3)::int / 10 % 5 = 0 as refused,
                           m.step = 'it-is-back' and j.ended_at is null and substr(j.id, 3)::int / 10 % 500 = 1 as held) s
where told_at is not null and (m.step = 'it-is-back' or ended_at is not null);

-- name: heard_of
-- Each was delivered, and a third was opened.
insert into message_events (provider, event_id, kind, channel, send_key, contact_id, happened_at)
select 'smtp', s.key || '/' || e.kind, e.kind, 'email', s.key, j.contact_id, s.settled_at
from sends s join journeys j on j.id = s.journey_id
cross join lateral (values ('delivered'), ('opened')) e (kind)
where s.state = 'sent' and (e.kind = 'delivered' or substr(j.id, 3)::int / 10 % 3 = 0);

-- name: credited
-- Every fifth order counts for the message before it.
insert into credits (store_id, order_id, send_key, touch, sent_at, touched_at, ordered_at, model)
select t.store_id, t.order_id, s.key, 'delivered', s.settled_at, s.settled_at, t.ordered_at, '{}'
from order_totals t
cross join lateral (
    select s.key, s.settled_at from journeys j join sends s on s.journey_id = j.id
    where j.contact_id = t.contact_id and s.state = 'sent' and s.settled_at < t.ordered_at
    order by s.settled_at desc limit 1) s
where substr(t.order_id, 2)::int / 100 % 5 = 0;

-- name: episodes
-- What came to a line in one week; everyone who was told in it had a unit.
insert into episodes (alert_id, store_id, subject, contacts_per_unit, locations, available, arrived, claimed, opened_at, changed_at, closed_at, shop_at, heard_at)
select alert_id, store_id, subject, 1, null, 0, count(*), count(*), date_trunc('week', told_at), max(told_at), max(told_at),
       date_trunc('week', told_at) - interval '2 seconds', date_trunc('week', told_at) - interval '1 second'
from journeys where told_at is not null group by alert_id, store_id, subject, date_trunc('week', told_at);

-- name: claims
insert into claims (episode_id, journey_id, state, item, locations, share, given_at, notified_at, settled_at, shop_at, heard_at)
select e.id, j.id, 'used', 'i' || substr(j.subject, 10), null, 1, j.told_at - interval '1 second', j.told_at - interval '1 second', j.told_at,
       j.told_at - interval '3 seconds', j.told_at - interval '2 seconds'
from journeys j
join episodes e on (e.alert_id, e.store_id, e.subject) = (j.alert_id, j.store_id, j.subject) and e.opened_at = date_trunc('week', j.told_at)
where j.told_at is not null;

-- name: counted
-- As the triggers of `waiting` would have counted them, and as it is folded then.
insert into line_counts (alert_id, store_id, subject, what, quarter, reason, count, units, folded)
select w.alert_id, w.store_id, w.subject, c.what, c.quarter, c.reason, count(*), case when c.what = 'waiting' then count(*) else 0 end, true
from waiting w join journeys j on j.id = w.journey_id
cross join lateral (values ('entered', quarter_of(w.entered_at), null),
                           (case w.state when 'waiting' then 'waiting' end, null, null),
                           (case w.state when 'told' then 'told' end, quarter_of(j.told_at), null),
                           (case w.state when 'left' then 'left' end, quarter_of(j.ended_at), w.reason)) c (what, quarter, reason)
where c.what is not null group by 1, 2, 3, 4, 5, 6;

-- name: noted
insert into messages_to_count (send_key) select key from sends where settled_at is not null;

-- name: moved
-- An operation that has asked everyone at rest.
with operation as (
    insert into operations (kind, conversation, to_version, requested_by, finished_at)
    select 'move', code, published, 'bench', now() from conversations where code = 'back-in-stock' returning id, to_version
)
insert into operation_journeys (operation_id, journey_id, from_version, asked_at, done_at)
select o.id, j.id, j.version_id, now(), now() from operation o, journeys j where j.at_step is not null;

-- name: looked
-- What people did by hand.
insert into audit (at, actor, action, details)
select now() - n * interval '5 minutes', 'user ' || (select id from users limit 1), case n % 3 when 0 then 'look at contact' when 1 then 'sign in' else 'approve messages' end,
       jsonb_build_object('contact', 'c-' || n)
from generate_series(1, :contacts::int / 2) n;

-- name: malformed
insert into inbox (store_id, source, topic, key, state, error, body, received_at)
select :store, 'api', 'orders', n::text, 'malformed', 'it is no order', '{}', now() - n * interval '1 hour' from generate_series(1, 200) n;

-- name: analyze
-- What comes next asks for what was just put there.
analyze;

-- name: analyze_episodes
analyze episodes;

-- name: vacuum
-- As PostgreSQL does by itself in the days after; so that indexes answer alone where they can.
vacuum analyze;

-- name: somebody
-- One who was told, by a journey of theirs; and who is signed in.
select j.id as journey, j.contact_id as contact, (select id from users limit 1) as "user"
from journeys j where told_at is not null and ended_at is not null order by id limit 1;

-- name: counts
select (select count(*) from contacts) as contacts, (select count(*) from events) as events, (select count(*) from journeys) as journeys,
       (select count(*) from sends) as sends, (select count(*) from waiting where state = 'waiting') as waiting;
