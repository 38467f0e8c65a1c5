-- Every query for what is known when a message is to be sent.

-- name: facts
-- All that the verdict and the message need in one row, but what is for sale now of a journey without an alert.
-- The claim is the one in hand (given), or else the last one that the contact was told by. Without an alert the list is the
-- conversation's, and an order counts as bought if it is of the journey's product or of one in the event it was entered on,
-- unless that event is the order itself.
-- Consent and suppression are those of the message's own channel.
-- `already_sent`: after a move to another version the same message may be named by a step with another id, and so another
-- key; `version` is the one that the journey lives by.
select
    j.contact_id, j.store_id, j.product_id, j.subject, j.ended_at is not null as ended, j.event_id,
    coalesce(w.reason, j.leaving, (select 'told_already' from yields y where y.journey_id = j.id)) as left_reason,
    address_on(:channel, c.email, c.phone) as address, c.phone, c.erased_at is not null as erased, c.attributes, c.paused_until,
    coalesce(word.granted, false) as consented, coalesce(not word.granted, false) as refused,
    :question and (
        exists (select from confirmations where journey_id = j.id and confirmed_at is not null)
        or exists (
            select from sends q join journeys o on o.id = q.journey_id join confirmations asked on asked.journey_id = o.id
            where o.contact_id = j.contact_id and o.store_id = j.store_id and o.id <> j.id and q.step = :step
              and q.state in ('sending', 'sent', 'unknown') and q.opened_at > now() - interval '1 day'
              and asked.confirmed_at is null and asked.lapsed_at is null and asked.ends_at > now()
              and o.ended_at is null and o.leaving is null)) as asked_already,
    (select token from confirmations where journey_id = j.id and confirmed_at is null) as confirmation,
    (select token from shopper_links
     where contact_id = j.contact_id and store_id = j.store_id and of_month = this_month()) as link,
    exists (select from suppressions s where s.channel = :channel and s.address = address_on(:channel, c.email, c.phone))
        as suppressed,
    j.product_id is null or coalesce(p.on_sale and not coalesce(v.removed, false), false) as on_sale,
    exists (
        select from variants_named_twice t
        where t.store_id = j.store_id and t.product_id = j.entered_product_id and 'variant/' || t.variant_id = j.subject
          and t.contested) as other_product,
    (j.moved_at is not null or j.version_id <> :version) and exists (
        select from sends o
        where o.journey_id = j.id and o.message = :message and o.round = :round and o.step <> :step
          and o.state in ('sent', 'unknown')
    ) as already_sent,
    claim.state as claim, (select code from coupons where claim_id = claim.id) as coupon, ve.experiment,
    ve.document -> 'list' ->> 'double_opt_in' is not null as asks_first,
    a.id as alert_id, a.type, a.triggers, a.profile,
    case when co.paused_at is not null then 'conversation_paused' when a.paused_at is not null then 'alert_paused' end as paused,
    e.id is not null and (claim.state is distinct from 'given' or e.id = claim.episode_id) as in_stock,
    -- Since they were given a place they may have said that they want more than it is for.
    coalesce(w.quantity > 1 and (w.quantity > most_of_one(e) or claim.state = 'given' and w.quantity > claim.units), false)
        as fewer_than_wanted, e.measure, w.trigger_at,
    w.currency is not distinct from st.currency or w.currency is null as same_currency,
    exists (
        select from orders o
        where o.contact_id = j.contact_id and o.store_id = j.store_id and not o.cancelled
          -- Without days it is null, which `least` passes over.
          and o.ordered_at >= least(j.entered_at, now() - make_interval(days => a.not_if_bought_days))
          and is_about(o, j)
    ) and coalesce(j.entered_on not in ('ordered', 'bought'), true) as bought,
    ev.kind in ('added_to_cart', 'checkout_started') and num_nonnulls(ev.product_id, ev.variant_id) = 0 and ev.items = '[]'
        as emptied,
    l.code as list_code, l.name as list_name, l.time_zone, l.locations, l.quiet_from, l.quiet_until, l.sender,
    jsonb_build_object('clicks', l.track_clicks,
        'opens', coalesce(upper(c.attributes ->> 'country') = any(l.track_opens_in), false)) as tracking,
    st.source as store_source, coalesce(st.name, st.id) as shop_name, coalesce(st.url, 'https://' || st.id) as shop_url, st.currency,
    p.title as product_title, p.page_url as product_url, p.handle, p.image_url, v.variant_id, v.title as variant_title, v.sku,
    coalesce(v.price, e.measure) as price,
    instead_of(j) as instead_of, j.entered_at, case when w.currency is not distinct from st.currency then w.entry_price end as entry_price,
    ev.properties || case when ev.list_code is null then '{}' else jsonb_build_object('list', ev.list_code) end as properties,
    case when coalesce(l.cap_messages, st.cap_messages) is not null then turn_of(:key, j.id, :channel) end as turn,
    l.together_within is not null and coalesce(claim.state = 'given', false) as gathers,
    coalesce(send.together_until, others.until, now() + l.together_within) as together_until,
    coalesce(others.before, false) as follows,
    exists (
        select from stopped_senders s
        where s.channel = :channel and coalesce(s.sender = coalesce(l.sender, ''), true)) as sender_stopped,
    send.lease_until - now() as lease_left, send.outcome, send.declined_at is not null as declined
from journeys j
join versions ve on ve.id = j.version_id
join conversations co on co.code = j.conversation
join contacts c on c.id = j.contact_id
join stores st on st.id = j.store_id
left join lateral (
    select granted from consents where contact_id = c.id and channel = :channel order by id desc limit 1) word on true
left join waiting w on w.journey_id = j.id
left join alerts a on a.id = j.alert_id
join lists l on l.code = coalesce(a.list_code, ve.document -> 'list' ->> 'code')
left join products p on p.store_id = j.store_id and p.product_id = j.product_id
left join variants v on v.store_id = j.store_id and j.subject like 'variant/%'
                    and v.variant_id = substr(j.subject, 9)
left join events ev on ev.store_id = j.store_id and ev.id = j.event_id
left join lateral (
    select id, state, episode_id, units from claims
    where journey_id = j.id and state in ('given', 'used', 'lapsed') order by id desc limit 1
) claim on true
left join episodes e on e.alert_id = j.alert_id and e.store_id = j.store_id and e.subject = j.subject
                    and e.closed_at is null
left join sends send on send.key = :key
left join lateral (
    select min(w.together_until) as until,
           bool_or(coalesce((w.together_until, w.opened_at, w.key) < (send.together_until, send.opened_at, send.key), true)) as before
    from waits_with(j.id, :message) w
    where l.together_within is not null and claim.state = 'given' and send.settled_at is null
) others on true
where j.id = :journey_id;

-- name: ahead
-- How many are called forward before the journey's contact, counted to `most`; asked only where a message says it.
select ahead_of(w, e.measure, :most)
from waiting w
left join episodes e on e.alert_id = w.alert_id and e.store_id = w.store_id and e.subject = w.subject and e.closed_at is null
where w.journey_id = :journey_id;
