-- Every query of places that are passed over until their contact says otherwise.
-- Lock order as everywhere: contacts, waiting, journeys. None of these places holds a claim.

-- name: lapse_unconfirmed
-- Some whose time is up. Their workflows are told to leave.
with due as (
    select journey_id from confirmations
    where confirmed_at is null and lapsed_at is null and ends_at <= now()
    order by ends_at limit :most for update skip locked
), gone as (
    update waiting set state = 'left', reason = 'not_confirmed'
    where journey_id in (select journey_id from due) and state = 'waiting'
), lapsed as (
    update confirmations set lapsed_at = now() where journey_id in (select journey_id from due)
), asked as (
    update journeys set leaving = coalesce(leaving, 'not_confirmed')
    where id in (select journey_id from due) and ended_at is null
    returning id, leaving
), told as (
    insert into outbox (kind, journey_id, reason) select 'leave', id, leaving from asked
)
select journey_id from due;

-- name: forget_addresses
-- Those that did not say in time that they are theirs.
update address_changes set email = null where email is not null and ends_at <= now();

-- name: end_pauses
-- From those whose pause is over, of whom an index knows: never by reading all paused places. That it is over stays on record
-- while a check that began before may still give a place back as paused.
with again as (
    update waiting set passed_over_for = null, counts_since = now()
    where journey_id in (
        select w.journey_id from contacts c
        cross join lateral (
            select journey_id from waiting where contact_id = c.id and passed_over_for = 'contact_paused' limit :most) w
        where c.paused_until <= now() limit :most for no key update of c skip locked)
    returning store_id, subject, state
), over as (
    update contacts set paused_until = null
    where id in (
        select id from contacts c
        where paused_until <= now() - :checks_end_within::interval
          and not exists (select from waiting where contact_id = c.id and passed_over_for = 'contact_paused')
        order by paused_until limit :most for no key update skip locked)
)
insert into outbox (kind, store_id, subject)
select distinct 'look_again', store_id, subject from again where state = 'waiting';

-- name: say_yes
with said as (
    update confirmations c set confirmed_at = now()
    from journeys j
    where j.id = c.journey_id and j.contact_id = :contact_id and j.store_id = :store_id
      and c.confirmed_at is null and c.lapsed_at is null and c.ends_at > now()
    returning c.*
)
select journey_id from said;

-- name: count_confirmed
-- Each journey goes on where it waited for that, the consent is on record with what was shown at each sign-up, and the
-- shelves look again.
with counted as (
    update waiting w set passed_over_for = (select 'contact_paused' from contacts where id = w.contact_id and paused_until > now())
    where w.journey_id = any(:journeys::text[]) and w.passed_over_for = 'not_confirmed'
    returning store_id, subject, state
), told as (
    insert into outbox (kind, journey_id, payload)
    select 'contact_event', id,
           jsonb_build_object('event_id', 'confirmation/' || id, 'event', :event::text, 'at', now())
    from journeys where id = any(:journeys::text[]) and ended_at is null
), consented as (
    insert into consents (contact_id, channel, granted, source, purpose, text, page, network_digest, confirmed)
    select j.contact_id, :channel::text, true, c.source, c.purpose, c.text, c.page, c.network_digest, true
    from confirmations c join journeys j on j.id = c.journey_id where c.journey_id = any(:journeys::text[])
)
insert into outbox (kind, store_id, subject)
select distinct 'look_again', store_id, subject from counted where state = 'waiting';

-- name: pause
-- Who has a place keeps the message that may be leaving; the check before it gives the place back.
with paused as (
    update contacts set paused_until = now() + make_interval(days => :days::integer) where id = :contact_id
)
update waiting set passed_over_for = 'contact_paused'
where contact_id = :contact_id and state = 'waiting' and passed_over_for is distinct from 'not_confirmed';

-- name: resume
with over as (
    update contacts set paused_until = now() where id = :contact_id and paused_until > now()
), again as (
    update waiting set passed_over_for = null, counts_since = now() where contact_id = :contact_id and passed_over_for = 'contact_paused'
    returning store_id, subject, state
)
insert into outbox (kind, store_id, subject)
select distinct 'look_again', store_id, subject from again where state = 'waiting';
