-- Every query of the ledger: the facts a verdict needs, and what became of each message.

-- name: facts
-- All that the verdict and the message need, but what is for sale now of a journey without an alert. The claim is the one
-- in hand, or else the last one that told. Without an alert the list is the conversation's, and what counts as bought is
-- what the journey is about or was in the event it was entered on; who entered because they bought is no buyer of that.
-- They agreed to, and are suppressed on, the message's own channel ($7).
-- Said already: a journey that moved to another version ($3: the one it lives by) meets the message at another step ($4 to
-- $6: message, round, step).
select
    j.contact_id, j.store_id, j.product_id, j.subject, j.ended_at is not null as ended, j.event_id,
    coalesce(w.reason, j.leaving) as left_reason,
    c.email, c.erased_at is not null as erased, c.attributes,
    coalesce((select granted from consents where contact_id = c.id and channel = $7 order by id desc limit 1), false)
        as consented,
    exists (select from suppressions s where s.channel = $7 and s.address = c.email) as suppressed,
    p.on_sale and not coalesce(v.removed, false) as on_sale,
    (j.moved_at is not null or j.version_id <> $3) and exists (
        select from sends o
        where o.journey_id = j.id and o.message = $4 and o.round = $5 and o.step <> $6 and o.state in ('sent', 'unknown')
    ) as said,
    claim.state as claim, a.id as alert_id, a.type, a.triggers, a.profile,
    a.paused_at is not null or co.paused_at is not null as paused,
    claim.state is distinct from 'given' or e.id = claim.episode_id as same_episode,
    e.id is not null as in_stock, e.measure, w.trigger_at,
    w.currency is not distinct from st.currency or w.currency is null as same_currency,
    exists (
        select from orders o
        where o.contact_id = j.contact_id and o.store_id = j.store_id and not o.cancelled
          -- Without days it is null, which `least` passes over.
          and o.ordered_at >= least(j.entered_at, now() - make_interval(days => a.not_if_bought_days))
          and (o.product_id = j.product_id or o.product_id = ev.product_id or exists (
              select from jsonb_array_elements(ev.items) item
              where o.product_id = coalesce(item ->> 'product', (
                  select product_id from variants iv where iv.store_id = j.store_id and iv.variant_id = item ->> 'variant'))))
    ) and coalesce(j.entered_on not in ('ordered', 'bought'), true) as bought,
    l.name as list_name, l.time_zone, l.locations, l.quiet_from, l.quiet_until, l.sender,
    st.source as store_source, coalesce(st.name, st.id) as shop_name, coalesce(st.url, 'https://' || st.id) as shop_url, st.currency,
    p.title as product_title, p.handle, p.image_url, v.variant_id, v.title as variant_title, v.sku,
    coalesce(v.price, e.measure) as price,
    ev.properties || case when ev.list_code is null then '{}' else jsonb_build_object('list', ev.list_code) end as properties,
    send.lease_until, send.outcome, send.declined_at is not null as declined
from journeys j
join versions ve on ve.id = j.version_id
join conversations co on co.code = j.conversation
join contacts c on c.id = j.contact_id
join stores st on st.id = j.store_id
left join waiting w on w.journey_id = j.id
left join alerts a on a.id = j.alert_id
join lists l on l.code = coalesce(a.list_code, ve.document -> 'list' ->> 'code')
left join products p on p.store_id = j.store_id and p.product_id = j.product_id
left join variants v on v.store_id = j.store_id and j.subject like 'variant/%'
                    and v.variant_id = substr(j.subject, 9)
left join events ev on ev.store_id = j.store_id and ev.id = j.event_id
left join lateral (
    select state, episode_id from claims
    where journey_id = j.id and state in ('given', 'used', 'lapsed') order by id desc limit 1
) claim on true
left join episodes e on e.alert_id = j.alert_id and e.store_id = j.store_id and e.subject = j.subject
                    and e.closed_at is null
left join sends send on send.key = $2
where j.id = $1;

-- name: items
-- What was in the event that a conversation was entered on, of what the shop has told; the first $3.
select p.title, p.handle, p.image_url, v.variant_id, v.title as variant_title, coalesce(v.price, (
           select min(price) from variants o
           where o.store_id = p.store_id and o.product_id = p.product_id and not o.removed)) as price,
       coalesce((item.value ->> 'quantity')::bigint, 1) as quantity
from events ev
cross join lateral jsonb_array_elements(case
    when ev.items <> '[]' then ev.items
    else jsonb_build_array(jsonb_build_object(
        'product', ev.product_id, 'variant', ev.variant_id, 'quantity', ev.quantity)) end) with ordinality as item (value, number)
left join variants v on v.store_id = ev.store_id and v.variant_id = item.value ->> 'variant'
join products p on p.store_id = ev.store_id and p.product_id = coalesce(item.value ->> 'product', v.product_id)
where ev.store_id = $1 and ev.id = $2 and (v.product_id is null or v.product_id = p.product_id)
order by item.number
limit $3;

-- name: message
select document -> 'messages' -> $2 as message from versions where id = $1;

-- name: open
-- The right to send this message now. No row: another attempt has it, it is settled, or somebody declined it. One that was
-- held may leave when its step is no longer manual ($7 false). What is sent is on record by its own name: a move may have given
-- the step another message since it was put off.
insert into sends (key, journey_id, step, round, message, state, attempts, lease_until)
values ($1, $2, $3, $4, $5, 'sending', 1, now() + $6::interval)
on conflict (key) do update
set state = 'sending', message = excluded.message, attempts = sends.attempts + 1, lease_until = excluded.lease_until
where (sends.state = 'ready' or (sends.state = 'held' and not $7)) and sends.declined_at is null
returning key;

-- name: hold
-- It waits for approval, unless it has that, and for these very words, whatever version they stand in.
insert into sends (key, journey_id, step, round, message, state, held_version) values ($1, $2, $3, $4, $5, 'held', $6)
on conflict (key) do update
set state = 'held', message = excluded.message, held_version = $6, approved_at = null, approved_by = null,
    opened_at = case when sends.state = 'held' then sends.opened_at else now() end
where sends.state in ('ready', 'held') and sends.declined_at is null and (
    sends.approved_at is null
    or (select document -> 'messages' -> sends.message from versions where id = sends.held_version)
       is distinct from (select document -> 'messages' -> excluded.message from versions where id = $6))
returning key;

-- name: note
insert into sends (key, journey_id, step, round, message, state) values ($1, $2, $3, $4, $5, 'ready')
on conflict (key) do nothing;

-- name: stop
-- It cannot be made as things stand: nothing is settled, but the ledger knows of it.
insert into sends (key, journey_id, step, round, message, state) values ($1, $2, $3, $4, $5, 'ready')
on conflict (key) do update set state = 'ready' where sends.state = 'held';

-- name: release
-- The provider certainly did not take it: another attempt may.
update sends set state = 'ready', lease_until = null where key = $1 and state = 'sending';

-- name: settle
-- A verdict ($8 false) yields to an attempt that is sending; the attempt itself does not. Whoever is in a conversation
-- without an alert is told by its first message.
with settled as (
    insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
    values ($1, $2, $3, $4, $5, $6, $7, now())
    on conflict (key) do update
    set state = excluded.state, message = excluded.message, outcome = excluded.outcome, settled_at = excluded.settled_at, lease_until = null
    where sends.settled_at is null and ($8 or sends.state in ('ready', 'held'))
    returning key, journey_id, state
), told as (
    update journeys j set told_at = coalesce(j.told_at, now())
    from settled s where j.id = s.journey_id and j.alert_id is null and s.state in ('sent', 'unknown')
)
select key from settled;

-- name: settle_told
-- The contact was told, or may have been: the outcome, the used claim and the place in line, in one round trip.
with settled as (
    insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
    values ($1, $2, $3, $4, $5, $6, $7, now())
    on conflict (key) do update
    set state = excluded.state, message = excluded.message, outcome = excluded.outcome, settled_at = excluded.settled_at, lease_until = null
    where sends.settled_at is null
    returning journey_id
), used as (
    update claims c set state = 'used', settled_at = now(), lapses_at = now() + make_interval(hours => a.offer_hours)
    from journeys j join alerts a on a.id = j.alert_id
    where c.state = 'given' and c.journey_id = (select journey_id from settled) and j.id = c.journey_id
    returning c.id
), told as (
    -- Parts of one statement run in no promised order: what is locked first is asked for first.
    update waiting set state = 'told'
    where state = 'claimed' and journey_id = (select journey_id from settled) and (select count(*) from used) >= 0
    returning journey_id
)
update journeys set told_at = coalesce(told_at, now())
where id = (select journey_id from settled) and (select count(*) from told) >= 0
returning id;

-- name: recorded
select outcome from sends where key = $1;
