-- Every query of publishing.

-- name: name_conversation
insert into conversations (code, name) values ($1, $2) on conflict (code) do update set name = excluded.name;

-- name: find_version
select id, number from versions where conversation = $1 and content_hash = $2;

-- name: published_document
select v.document from conversations c join versions v on v.id = c.published where c.code = $1;

-- name: version_named
select id, number from versions where id = $1;

-- name: versions_of_first_releases
-- They did not write down who published.
select id, number, document from versions where conversation = $1 and published_by is null order by number desc;

-- name: next_number
select coalesce(max(number), 0) + 1 from versions where conversation = $1;

-- name: add_version
insert into versions (id, conversation, number, content_hash, document, program, questions, source, published_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: set_list
insert into lists (code, name, time_zone, quiet_from, quiet_until, locations, currency, sender)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (code) do update
set name = excluded.name, time_zone = excluded.time_zone,
    quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
    locations = excluded.locations, currency = excluded.currency, sender = excluded.sender;

-- name: retire_alerts_but
update alerts set retired = true where conversation = $1 and not (id = any($2::text[]));

-- name: alert_taken
select id, conversation from alerts
where not retired
  and ((id = $1 and conversation <> $2) or (id <> $1 and list_code = $3 and type = $4 and action = $5))
limit 1;

-- name: line_under_another_code
-- People who still wait under an alert that this one would stand beside: retired, or retired by this publication.
select a.id, count(*) as people
from alerts a join waiting w on w.alert_id = a.id and w.state in ('waiting', 'claimed')
where a.retired and a.id <> $1 and a.list_code = $2 and a.type = $3 and a.action = $4
group by a.id order by a.id limit 1;

-- name: set_alert
insert into alerts (
    id, list_code, conversation, type, action, name, level, window_days, triggers, profile, live,
    measure, quantity_threshold, contacts_per_unit, newest_first, offer_hours, not_if_bought_days, section)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict (id) do update
set list_code = excluded.list_code, conversation = excluded.conversation, type = excluded.type,
    action = excluded.action, name = excluded.name, level = excluded.level, window_days = excluded.window_days,
    triggers = excluded.triggers, profile = excluded.profile, live = excluded.live, retired = false,
    measure = excluded.measure, quantity_threshold = excluded.quantity_threshold, contacts_per_unit = excluded.contacts_per_unit,
    newest_first = excluded.newest_first, offer_hours = excluded.offer_hours,
    not_if_bought_days = excluded.not_if_bought_days, section = excluded.section;

-- name: waited_for
select distinct j.store_id, j.product_id
from waiting w join journeys j on j.id = w.journey_id
where w.alert_id = any($1::text[]) and w.state = 'waiting';

-- name: hold_product
select from products where store_id = $1 and product_id = $2 for no key update;

-- name: publish
update conversations set published = $2 where code = $1;

-- name: anything_published
select exists (select from conversations where published is not null);

-- name: drop_entry_triggers_but
delete from entry_triggers where conversation = $1 and not (event = any($2::text[]));

-- name: add_entry_triggers
insert into entry_triggers (event, conversation) select unnest($2::text[]), $1 on conflict do nothing;

-- name: record_publication
insert into publications (conversation, version_id, published_by, note) values ($1, $2, $3, $4);

-- name: clear_working
delete from working_versions where conversation = $1 and content_hash = $2;

-- name: unknown_lists
select coalesce(array_agg(named), '{}') from unnest($1::text[]) named where not exists (select from lists where code = named);

-- name: known_lists
select array_agg('''' || code || '''' order by code) from (select code from lists order by code limit 20) l;
