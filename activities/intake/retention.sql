-- Every query of retention. Each forgets the oldest rows of one kind, `most` at most; the rows it returns are those.

-- name: forget_inbox
delete from inbox where id in (
    select id from inbox where not lasting and received_at < now() - :age::interval order by received_at limit :most)
returning id;

-- name: count_inbox
select count(*) from inbox where not lasting and received_at < now() - :age::interval;

-- name: forget_event
-- Their ids stay, by which they are known when they are told again. Not of those that a journey under way was entered on.
update events set properties = '{}', message_id = null
where (store_id, id) in (
    select e.store_id, e.id from events e
    where e.received_at < now() - :age::interval and (e.properties <> '{}' or e.message_id is not null)
      and not exists (select from journeys j where j.contact_id = e.contact_id and j.event_id = e.id and j.ended_at is null)
    order by e.received_at limit :most)
returning id;

-- name: count_event
select count(*) from events e
where e.received_at < now() - :age::interval and (e.properties <> '{}' or e.message_id is not null)
  and not exists (select from journeys j where j.contact_id = e.contact_id and j.event_id = e.id and j.ended_at is null);

-- name: forget_subject
update sends set subject = null
where key in (
    select key from sends where subject is not null and settled_at < now() - :age::interval order by settled_at limit :most)
returning key;

-- name: count_subject
select count(*) from sends where subject is not null and settled_at < now() - :age::interval;

-- name: forget_click
delete from link_uses where id in (select id from link_uses where used_at < now() - :age::interval order by used_at limit :most)
returning id;

-- name: count_click
select count(*) from link_uses where used_at < now() - :age::interval;

-- name: forget_link
delete from links where token in (select token from links where made_at < now() - :age::interval order by made_at limit :most)
returning token;

-- name: count_link
select count(*) from links where made_at < now() - :age::interval;

-- name: last_run
select max(finished_at) from retention_runs;

-- name: record_run
insert into retention_runs (report) values (:report);
