-- Every query of entering one contact for one alert.

-- name: hold_product_shared
-- Shared with others who enter, but not with a change of stock or price: one of the two sees the other.
select product_id from products where store_id = :store_id and product_id = :product_id for share;

-- name: hold_product
select product_id from products where store_id = :store_id and product_id = :product_id for no key update;

-- name: open_episode_of
select exists (
    select from episodes
    where alert_id = :alert_id and store_id = :store_id and subject = :subject and closed_at is null);

-- name: entry_since
-- Their journey in this queue, if they are in it now and stay. With `since`, also one that was neither notified nor over at
-- that time: who enters late does not enter twice for the same. The line of what they asked for counts, too: it may be moved yet.
select w.journey_id
from waiting w join journeys j on j.id = w.journey_id
where w.alert_id = :alert_id and w.contact_id = :contact_id and w.store_id = :store_id and w.subject = any(:subjects::text[])
  and ((w.state in ('waiting', 'claimed') and why_leaving(j) is null)
       or coalesce(j.told_at, j.ended_at, 'infinity') >= :since::timestamptz)
order by w.place desc
limit 1;

-- name: asked_for
-- They asked for what was gone for good.
insert into moved_places (journey_id, from_subject, to_subject) values (:journey_id, :asked_for, :subject);

-- name: wants
-- They stay where they are in line; true: they wait, and wanted another number before. Of this one there may be enough.
update waiting set quantity = :quantity, passed_over_for = nullif(passed_over_for, 'fewer_than_wanted')
where journey_id = :journey_id and state in ('waiting', 'claimed') and quantity <> :quantity and trigger_at is null
returning state = 'waiting';

-- name: leaving
-- Their journey that is in this queue still, though it was asked to leave; and why. Not while a message of it may be leaving:
-- whether they were told is not known yet.
select w.journey_id, why_leaving(j) as reason
from waiting w join journeys j on j.id = w.journey_id
where w.alert_id = :alert_id and w.contact_id = :contact_id and w.store_id = :store_id and w.subject = :subject
  and w.state in ('waiting', 'claimed') and why_leaving(j) is not null
  and not exists (select from sends s where s.journey_id = j.id and s.state = 'sending');

-- name: entry_facts
-- What decides, beside the offer, whether a contact enters an alert for a subject. `entered_at` is the time of what they enter for.
-- `crowded`: other addresses of their mailbox have so many places for it already, or had them within a day.
select is_gone(:store_id, :subject) as gone,
       (select currency from stores where id = :store_id) as currency,
       exists (
           select from episodes
           where alert_id = :alert_id and store_id = :store_id and subject = :subject and closed_at is null
             and (:quantity::integer = 1 or :quantity <= most_of_one(episodes))) as in_stock,
       -- By any alert that watches for units, whatever its list.
       exists (
           select from episodes e join alerts a on a.id = e.alert_id
           where e.store_id = :store_id and e.subject = :subject and a.measure = 'nothing'
             and e.opened_at <= :entered_at and (e.closed_at is null or e.closed_at > :entered_at)) as was_in_stock,
       exists (
           select from orders
           where contact_id = :contact_id and store_id = :store_id
             and (product_id in (:product_id, product_of(:store_id, :asked_for)) or 'variant/' || variant_id in (:subject, :asked_for))
             and not cancelled and ordered_at >= :purchases_since) as bought,
       -- Since then, of what there still is (promise P9). At a bound everyone waits for what is not so yet.
       exists (
           select from waiting w join claims c on c.journey_id = w.journey_id
           join alerts a on a.id = :alert_id and a.type = w.type and a.measure = 'nothing'
           join episodes e on e.alert_id = a.id and e.store_id = :store_id and e.subject = :subject
                          and e.closed_at is null and e.opened_at <= c.settled_at
           where w.contact_id = :contact_id and w.store_id = :store_id
             and w.subject in (select subject from subjects_of_thing(:store_id, :subject))
             and (c.state = 'used' or c.lapsed_reason is not null) and c.settled_at >= :entered_at) as told,
       case when :most_of_mailbox::bigint is not null then :most_of_mailbox <= (
           select count(*) from contacts own join contacts other on other.mailbox = own.mailbox and other.id <> own.id
           join waiting w on w.contact_id = other.id and w.alert_id = :alert_id and w.store_id = :store_id and w.subject = :subject
           where own.id = :contact_id and (w.state in ('waiting', 'claimed') or w.entered_at > now() - interval '1 day'))
       else false end as crowded;

-- name: enter
with journey as (
    insert into journeys (
        id, contact_id, store_id, subject, product_id, alert_id, version_id, entered_at, window_ends_at, late, conversation)
    select :journey_id, :contact_id, :store_id, :subject, :product_id, :alert_id, :version_id, :entered_at, :window_ends_at, :late,
           conversation
    from versions where id = :version_id
    returning id
), line as (
    insert into waiting (
        journey_id, alert_id, type, contact_id, store_id, subject, entered_at, trigger_at, entry_price, armed, currency, quantity,
        passed_over_for)
    select journey.id, a.id, a.type, :contact_id, :store_id, :subject, :entered_at, :trigger_at, :entry_price, :armed, :currency,
           :quantity,
           (select 'contact_paused' from contacts where id = :contact_id and paused_until > now())
    from journey join alerts a on a.id = :alert_id
)
insert into outbox (kind, journey_id) select 'start_journey', id from journey;
