-- Every query of the ledger: the facts a verdict needs, and what became of each message.

-- name: facts
-- One query: all that the verdict and the message need. The claim is the one in hand, or else the last one that told.
select
    j.contact_id, j.store_id, j.product_id, j.subject, j.ended_at is not null as ended,
    coalesce(w.reason, j.leaving) as left_reason,
    c.email, c.erased_at is not null as erased,
    coalesce((select granted from consents where contact_id = c.id and channel = 'email' order by id desc limit 1), false)
        as consented,
    exists (select from suppressions s where s.email = c.email) as suppressed,
    p.on_sale and not coalesce(v.removed, false) as on_sale,
    claim.state as claim, a.id as alert_id, a.type, a.triggers, a.profile,
    a.paused_at is not null or co.paused_at is not null as paused,
    claim.state is distinct from 'given' or e.id = claim.episode_id as same_episode,
    e.id is not null as in_stock, e.measure, w.trigger_at,
    w.currency is not distinct from st.currency or w.currency is null as same_currency,
    exists (
        select from orders o
        where o.contact_id = j.contact_id and o.store_id = j.store_id and o.product_id = j.product_id
          and not o.cancelled
          and o.ordered_at >= case when a.type = 'low-inventory'
                                   then least(j.entered_at, now() - make_interval(days => coalesce(a.not_if_bought_days, 0)))
                                   else j.entered_at end
    ) as bought,
    l.name as list_name, l.time_zone, l.quiet_from, l.quiet_until, l.sender,
    coalesce(st.name, st.id) as shop_name, coalesce(st.url, 'https://' || st.id) as shop_url, st.currency,
    p.title as product_title, p.handle, p.image_url, v.variant_id, v.title as variant_title, v.sku,
    coalesce(v.price, e.measure) as price,
    send.lease_until, send.outcome
from journeys j
join waiting w on w.journey_id = j.id
join contacts c on c.id = j.contact_id
join products p on p.store_id = j.store_id and p.product_id = j.product_id
left join variants v on v.store_id = j.store_id and j.subject like 'variant/%'
                    and v.variant_id = substr(j.subject, 9)
join stores st on st.id = j.store_id
join alerts a on a.id = j.alert_id
join conversations co on co.code = a.conversation
join lists l on l.code = a.list_code
left join lateral (
    select state, episode_id from claims
    where journey_id = j.id and state in ('given', 'used', 'lapsed') order by id desc limit 1
) claim on true
left join episodes e on e.alert_id = j.alert_id and e.store_id = j.store_id and e.subject = j.subject
                    and e.closed_at is null
left join sends send on send.key = $2
where j.id = $1;

-- name: message
select document -> 'messages' -> $2 as message from versions where id = $1;

-- name: open
-- The right to send this message now. No row: another attempt has it, or it is settled.
insert into sends (key, journey_id, step, round, message, state, attempts, lease_until)
values ($1, $2, $3, $4, $5, 'sending', 1, now() + $6::interval)
on conflict (key) do update
set state = 'sending', attempts = sends.attempts + 1, lease_until = excluded.lease_until
where sends.state = 'ready'
returning key;

-- name: release
-- The provider certainly did not take it: another attempt may.
update sends set state = 'ready', lease_until = null where key = $1 and state = 'sending';

-- name: settle
-- A verdict ($8 false) yields to an attempt that is sending; the attempt itself does not.
insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
values ($1, $2, $3, $4, $5, $6, $7, now())
on conflict (key) do update
set state = excluded.state, outcome = excluded.outcome, settled_at = excluded.settled_at, lease_until = null
where sends.settled_at is null and ($8 or sends.state = 'ready')
returning key;

-- name: settle_told
-- The contact was told, or may have been: the outcome, the used claim and the place in line, in one round trip.
with settled as (
    insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
    values ($1, $2, $3, $4, $5, $6, $7, now())
    on conflict (key) do update
    set state = excluded.state, outcome = excluded.outcome, settled_at = excluded.settled_at, lease_until = null
    where sends.settled_at is null
    returning journey_id
), used as (
    update claims c set state = 'used', settled_at = now(), lapses_at = now() + make_interval(hours => a.offer_hours)
    from journeys j join alerts a on a.id = j.alert_id
    where c.state = 'given' and c.journey_id = (select journey_id from settled) and j.id = c.journey_id
), told as (
    update waiting set state = 'told' where state = 'claimed' and journey_id = (select journey_id from settled)
)
update journeys set told_at = coalesce(told_at, now()) where id = (select journey_id from settled)
returning id;

-- name: recorded
select outcome from sends where key = $1;
