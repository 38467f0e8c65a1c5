-- Every query of staying until bought.

-- Lock order as everywhere: contacts, conversations, products, claims, waiting, journeys.

-- name: due
-- Claims of journeys that have ended, of episodes that are over, of each in order; `among`: of these alone. Not of who was told of
-- what is there still, by another alert (promise P9): they are due once that is over, too. Of an episode that is open none is read but
-- the first: it may have told a million.
with recursive told (episode_id) as (
    (select episode_id from claims where stays order by episode_id limit 1)
    union all
    select (select c.episode_id from claims c where c.stays and c.episode_id > t.episode_id order by c.episode_id limit 1)
    from told t where t.episode_id is not null
)
select due.id
from told t join episodes e on e.id = t.episode_id and e.closed_at is not null
cross join lateral (
    select c.id
    from claims c join journeys j on j.id = c.journey_id
    where c.stays and c.episode_id = t.episode_id and j.ended_at is not null
      and (:among::bigint[] is null or c.id = any(:among))
      -- Asked of each by itself: as `exists` it may be planned to read all who were ever told.
      and (select true
           from waiting own join waiting w on w.contact_id = own.contact_id and w.type = own.type and w.store_id = own.store_id
           join claims other on other.journey_id = w.journey_id join episodes open on open.id = other.episode_id
           where own.journey_id = j.id and w.journey_id <> j.id and w.alert_id <> own.alert_id
             and w.subject in (select subject from subjects_of_thing(own.store_id, own.subject))
             and (other.state = 'used' or other.lapsed_reason is not null) and open.closed_at is null
           limit 1) is null
    order by c.id limit :most) due
limit :most;

-- name: hold_contacts
-- Whoever is erased, pauses or asks by themselves at this moment comes before or after.
select from contacts
where id in (select j.contact_id from claims c join journeys j on j.id = c.journey_id where c.id = any(:claim_ids::bigint[]))
order by id for share;

-- name: hold_conversations
-- As by whoever enters: against a publication, which counts who is under way.
select from conversations
where code in (
    select a.conversation from claims c join journeys j on j.id = c.journey_id join alerts a on a.id = j.alert_id
    where c.id = any(:claim_ids::bigint[]))
order by code for share;

-- name: stay
-- Who was told, has neither bought it nor been led out, and neither asked for it again nor came to wait for it otherwise, enters once more at the end of the line,
-- late, so that nothing is confirmed: for the same wish, with what is left of its window, by what is published now.
with due as (
    update claims c set stays = false
    from unnest(:claim_ids::bigint[], :journey_ids::text[]) d (claim_id, new_id)
    where c.id = d.claim_id and c.stays
    returning d.claim_id, d.new_id, c.journey_id
), staying as (
    select d.claim_id, d.new_id, j.contact_id, j.store_id, j.subject, j.product_id, j.entered_product_id, a.id as alert_id, c.published,
           c.code as conversation, j.entered_at, j.window_ends_at, j.id as stays_from, a.type, w.quantity, w.entry_price, w.currency,
           w.told_before + 1 as told_before, p.paused_until
    from due d
    join journeys j on j.id = d.journey_id
    join waiting w on w.journey_id = j.id
    join alerts a on a.id = j.alert_id
    join lists l on l.code = a.list_code
    join conversations c on c.code = a.conversation
    join contacts p on p.id = j.contact_id
    where w.state = 'told' and w.told_before < a.stay_until_bought and j.window_ends_at > now()
      and j.leaving is null and j.ending = 'completed' and j.reason is null
      and a.live and not a.retired and c.published is not null and is_for(l.stores, j.store_id)
      and not is_gone(j.store_id, j.subject)
      and p.erased_at is null
      and exists (select from channel_facts(j) f where not (f.unreachable or f.refused or f.suppressed))
      and not exists (
          select from orders o
          where o.contact_id = j.contact_id and o.store_id = j.store_id and is_about(o, j)
            and not o.cancelled and o.ordered_at >= j.entered_at)
      and not exists (
          select from waiting later
          where later.alert_id = w.alert_id and later.contact_id = w.contact_id and later.store_id = w.store_id
            and later.subject = w.subject and (later.place > w.place or later.state in ('waiting', 'claimed')))
), journey as (
    insert into journeys (
        id, contact_id, store_id, subject, product_id, entered_product_id, alert_id, version_id, entered_at, window_ends_at, late,
        conversation, stays_from)
    select new_id, contact_id, store_id, subject, product_id, entered_product_id, alert_id, published, entered_at, window_ends_at, true,
           conversation, stays_from
    from staying
    returning id
), line as (
    insert into waiting (
        journey_id, alert_id, type, contact_id, store_id, subject, entered_at, entry_price, currency, quantity, told_before,
        passed_over_for)
    select s.new_id, s.alert_id, s.type, s.contact_id, s.store_id, s.subject, now(), s.entry_price, s.currency, s.quantity,
           s.told_before, case when s.paused_until > now() then 'contact_paused' end
    from journey join staying s on s.new_id = journey.id
    order by s.claim_id
), started as (
    insert into outbox (kind, journey_id) select 'start_journey', id from journey
)
select store_id, subject from staying;
