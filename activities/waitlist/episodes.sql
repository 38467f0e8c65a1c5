-- Every query of episodes: what they are for each alert, and which shelves are to look at them.

-- name: observe_units
-- Bring what is shared out to the units there are now; whether any came or went.
select observe_units(:store_id, :items);

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

-- name: open_episode
insert into episodes (
    alert_id, store_id, subject, contacts_per_unit, units_per_contact, locations, available, arrived, measure, shop_at, heard_at)
values (
    :alert_id, :store_id, :subject, :contacts_per_unit, :units_per_contact, :locations, :available, :arrived, :measure, :shop_at,
    case when :heard::boolean then now() end);

-- name: update_episode
-- Where it `gives` places that it had not, for the change that did.
update episodes
set available = :available::bigint, arrived = :arrived, locations = :locations, measure = :measure,
    closed_at = case when :available::bigint = 0 then now() end,
    shop_at = case when :gives::boolean then :shop_at::timestamptz else shop_at end,
    heard_at = case when not :gives then heard_at when :heard::boolean then now() end,
    freed = case when :gives then 0 else freed end
where id = :episode_id;

-- name: arm
-- The measure is above their trigger now, so that a later fall to it is a crossing.
update waiting set armed = true
where alert_id = :alert_id and store_id = :store_id and subject = :subject and state = 'waiting' and not armed and trigger_at < :measure;

-- name: look_again
-- Only if someone waits whom a place can be given to, or who waits for what is gone for good.
insert into outbox (kind, store_id, subject)
select 'look_again', :store_id, :subject
where someone_can_be_told(:store_id, :subject) or (is_gone(:store_id, :subject) and is_waited_for(:store_id, :subject));

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
