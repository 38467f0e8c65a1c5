-- Every query of what a publication writes beside its version: list, alerts and entry triggers.

-- name: lock_publishing
select pg_advisory_xact_lock(:lock);

-- name: set_list
insert into lists (code, name, stores, only_by_name, time_zone, quiet_from, quiet_until, locations, currency, country, sender,
                   cap_messages, cap_length, together_within, attribution, track_clicks, track_opens_in,
                   tell_when_waiting)
values (:code, :name, :stores, :only_by_name, :time_zone, :quiet_from, :quiet_until, :locations, :currency, :country, :sender,
        :cap_messages, :cap_length, :together_within, :attribution, :track_clicks, :track_opens_in,
        :tell_when_waiting)
on conflict (code) do update
set name = excluded.name, stores = excluded.stores, only_by_name = excluded.only_by_name, time_zone = excluded.time_zone,
    quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
    locations = excluded.locations, currency = excluded.currency, country = excluded.country, sender = excluded.sender,
    cap_messages = excluded.cap_messages, cap_length = excluded.cap_length, together_within = excluded.together_within, attribution = excluded.attribution,
    track_clicks = excluded.track_clicks, track_opens_in = excluded.track_opens_in,
    tell_when_waiting = excluded.tell_when_waiting;

-- name: retire_alerts_but
update alerts set retired = true where conversation = :conversation and not (id = any(:alerts::text[]));

-- name: alert_taken
select id, conversation, action from alerts
where not retired
  and ((id = :id and conversation <> :conversation)
       or (id <> :id and list_code = :list_code and type = :type))
order by (id = :id) desc
limit 1;

-- name: line_under_another_code
-- Contacts who still wait under a retired alert of the same list and type, perhaps retired by this publication.
select a.id, a.conversation, sum(l.count)::bigint as contacts
from alerts a join line_counts l on l.alert_id = a.id and l.what in ('waiting', 'unconfirmed', 'claimed')
where a.retired and a.id <> :id and a.list_code = :list_code and a.type = :type
group by a.id having sum(l.count) > 0 order by a.id limit 1;

-- name: set_alert
insert into alerts (
    id, list_code, conversation, type, action, name, level, window_days, triggers, profile, live,
    measure, quantity_threshold, contacts_per_unit, units_per_contact, newest_first, offer_hours, stay_until_bought, not_if_bought_days,
    section)
values (
    :id, :list_code, :conversation, :type, :action, :name, :level, :window_days, :trigger_filter, :profile_filter, :live,
    :measure, :quantity_threshold, :contacts_per_unit, :units_per_contact, :newest_first, :offer_hours, :stay_until_bought,
    :not_if_bought_days, :section)
on conflict (id) do update
set list_code = excluded.list_code, conversation = excluded.conversation, type = excluded.type,
    action = excluded.action, name = excluded.name, level = excluded.level, window_days = excluded.window_days,
    triggers = excluded.triggers, profile = excluded.profile, live = excluded.live, retired = false,
    measure = excluded.measure, quantity_threshold = excluded.quantity_threshold, contacts_per_unit = excluded.contacts_per_unit,
    units_per_contact = excluded.units_per_contact, newest_first = excluded.newest_first, offer_hours = excluded.offer_hours,
    stay_until_bought = excluded.stay_until_bought, not_if_bought_days = excluded.not_if_bought_days, section = excluded.section;

-- name: drop_entry_triggers_but
delete from entry_triggers where conversation = :conversation and not (event = any(:events::text[]));

-- name: add_entry_triggers
insert into entry_triggers (event, conversation) select unnest(:events::text[]), :conversation on conflict do nothing;

-- name: unknown_lists
select named from unnest(:codes::text[]) named where not exists (select from lists where code = named);

-- name: known_lists
select code from lists order by code limit 20;
