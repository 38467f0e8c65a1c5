-- Every query of publishing.

-- name: name_conversation
insert into conversations (code, name) values ($1, $2) on conflict (code) do update set name = excluded.name;

-- name: find_version
select id, number from versions where conversation = $1 and content_hash = $2;

-- name: next_number
select coalesce(max(number), 0) + 1 from versions where conversation = $1;

-- name: add_version
insert into versions (id, conversation, number, content_hash, document, program) values ($1, $2, $3, $4, $5, $6);

-- name: set_list
insert into lists (code, name, time_zone, quiet_from, quiet_until) values ($1, $2, $3, $4, $5)
on conflict (code) do update
set name = excluded.name, time_zone = excluded.time_zone,
    quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until;

-- name: retire_alerts_but
update alerts set retired = true where conversation = $1 and not (id = any($2::text[]));

-- name: alert_taken
select id, conversation from alerts
where not retired
  and ((id = $1 and conversation <> $2) or (id <> $1 and list_code = $3 and type = $4 and action = $5))
limit 1;

-- name: set_alert
insert into alerts (id, list_code, conversation, type, action, quantity_threshold, contacts_per_unit, window_days)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (id) do update
set list_code = excluded.list_code, type = excluded.type, action = excluded.action, retired = false,
    quantity_threshold = excluded.quantity_threshold, contacts_per_unit = excluded.contacts_per_unit,
    window_days = excluded.window_days, conversation = excluded.conversation;

-- name: publish
update conversations set published = $2 where code = $1;

-- name: anything_published
select exists (select from conversations where published is not null);
