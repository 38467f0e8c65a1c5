-- Every query of episodes: what they are for each alert, and which shelves are to look at them.

-- name: observe_units
-- Bring what is shared out to the units there are now; of which items any came or went.
select distinct observe_units(:store_id, :items);

-- name: watching_alerts
-- Every alert in force, with the locations that count for its list; and retired ones that still have an open episode of these
-- subjects, or contacts in line for them.
select a.id, a.type, a.level, a.quantity_threshold, a.contacts_per_unit, a.units_per_contact, l.locations
from alerts a join lists l on l.code = a.list_code
where watches(a, :store_id, :subjects::text[])
order by a.id;

-- name: open_episodes_of
-- The open episodes of these subjects.
select id, alert_id, subject, contacts_per_unit, units_per_contact, locations, available, arrived, claimed, measure
from episodes
where store_id = :store_id and subject = any(:subjects::text[]) and closed_at is null;

-- name: open_episodes
-- Some of them may be over already: they opened and closed between two looks.
insert into episodes (
    alert_id, store_id, subject, contacts_per_unit, units_per_contact, locations, available, arrived, measure, closed_at, shop_at,
    heard_at)
select e.alert_id, :store_id, e.subject, e.contacts_per_unit, e.units_per_contact, e.locations, e.available, e.arrived, e.measure,
       case when e.available = 0 then clock_timestamp() end, e.shop_at, case when e.heard then now() end
from jsonb_to_recordset(:episodes::jsonb) e (
    alert_id text, subject text, contacts_per_unit bigint, units_per_contact bigint, locations text[], available bigint, arrived bigint,
    measure numeric, heard boolean, shop_at timestamptz);

-- name: update_episodes
-- Where one gives places that it had not, for the change that did.
update episodes
set available = e.available, arrived = e.arrived, locations = e.locations, measure = e.measure,
    closed_at = case when e.available = 0 then clock_timestamp() end,
    shop_at = case when e.gives then e.shop_at else episodes.shop_at end,
    heard_at = case when not e.gives then episodes.heard_at when e.heard then now() end,
    freed = case when e.gives then 0 else episodes.freed end
from jsonb_to_recordset(:episodes::jsonb) e (
    id bigint, locations text[], available bigint, arrived bigint, measure numeric, gives boolean, heard boolean, shop_at timestamptz)
where episodes.id = e.id;

-- name: arm
-- The measure was above their trigger, so that a later fall to it is a crossing. For one alert and subject at a time: their part
-- of the line is found by an index, which no plan for many takes. Of a long line some; the shelf is asked to arm the rest.
with newly as (
    update waiting set armed = true
    where place = any(array(
        select place from waiting
        where alert_id = :alert_id and store_id = :store_id and subject = :subject and state = 'waiting' and not armed
          and trigger_at < :measure::numeric
        limit :most))
    returning place
), lower as (
    -- Whoever is armed by those is armed by this one.
    delete from rises where alert_id = :alert_id and store_id = :store_id and subject = :subject and measure <= :measure
), rest as (
    insert into rises (alert_id, store_id, subject, measure, last_place)
    select :alert_id, :store_id, :subject, :measure, (select max(place) from waiting) where (select count(*) from newly) = :most
    returning id
)
insert into outbox (kind, store_id, subject) select 'look_again', :store_id, :subject from rest;

-- name: take_up_again
-- What they wait for changed and changed back: who was passed over is looked at again, as after any change.
select take_up_again(:store_id, :subjects);

-- name: look_again
-- Only if someone waits whom a place can be given to, or who waits for what is gone for good.
insert into outbox (kind, store_id, subject)
select 'look_again', :store_id, s.subject from unnest(:subjects::text[]) s (subject)
where someone_can_be_told(:store_id, s.subject) or (is_gone(:store_id, s.subject) and is_waited_for(:store_id, s.subject));

-- name: look_at_sharers
-- Every other subject that sells any of these items, if someone waits whom a place can be given to.
insert into outbox (kind, store_id, subject)
select 'look_again', :store_id, s.subject
from (
    select sold.subject
    from variants v cross join lateral (values ('variant/' || v.variant_id), ('product/' || v.product_id)) sold (subject)
    where v.store_id = :store_id and v.stock_item = any(:items::text[]) and sold.subject <> :subject
    group by 1
) s
where someone_can_be_told(:store_id, s.subject);

-- name: look_at_discontinued
-- Those of these subjects that someone waits for.
insert into outbox (kind, store_id, subject)
select 'look_again', :store_id, s.subject from unnest(:subjects::text[]) s (subject) where is_waited_for(:store_id, s.subject);
