-- Every query of retention. Each `forget` forgets the oldest rows of one kind, `most` at most; the rows it returns are those. Each
-- `count` says how many are due, and since when the oldest that is kept is there.

-- name: forget_inbox
delete from inbox where id in (
    select id from inbox where not lasting and received_at < now() - :age::interval order by received_at limit :most)
returning id;

-- name: count_inbox
select (select count(*) from inbox where not lasting and received_at < now() - :age::interval) as due,
       (select min(received_at) from inbox where not lasting) as oldest;

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
select (select count(*) from events e
        where e.received_at < now() - :age::interval and (e.properties <> '{}' or e.message_id is not null)
          and not exists (
              select from journeys j where j.contact_id = e.contact_id and j.event_id = e.id and j.ended_at is null)) as due,
       (select min(received_at) from events where properties <> '{}' or message_id is not null) as oldest;

-- name: forget_subject
update sends set subject = null
where key in (
    select key from sends where subject is not null and settled_at < now() - :age::interval order by settled_at limit :most)
returning key;

-- name: count_subject
select (select count(*) from sends where subject is not null and settled_at < now() - :age::interval) as due,
       (select min(settled_at) from sends where subject is not null) as oldest;

-- name: forget_click
delete from link_uses where id in (select id from link_uses where used_at < now() - :age::interval order by used_at limit :most)
returning id;

-- name: count_click
select (select count(*) from link_uses where used_at < now() - :age::interval) as due,
       (select min(used_at) from link_uses) as oldest;

-- name: forget_link
delete from links where token in (select token from links where made_at < now() - :age::interval order by made_at limit :most)
returning token;

-- name: count_link
select (select count(*) from links where made_at < now() - :age::interval) as due,
       (select min(made_at) from links) as oldest;

-- name: forget_question
-- That it was asked, and what came of it, stays. A yes has made a consent of it.
update confirmations set source = 'forgotten', text = null, page = null, network_digest = null
where journey_id in (
    select journey_id from confirmations
    where source <> 'forgotten' and coalesce(confirmed_at, lapsed_at, ends_at) < now() - :age::interval
    order by asked_at limit :most)
returning journey_id;

-- name: count_question
select (select count(*) from confirmations
        where source <> 'forgotten' and coalesce(confirmed_at, lapsed_at, ends_at) < now() - :age::interval) as due,
       (select min(asked_at) from confirmations where source <> 'forgotten') as oldest;

-- name: forget_proof
-- Of those whose latest word on the channel is a no that was said so long ago. As after an erasure: that and when they agreed
-- stays, with the digests.
update consents set source = 'erased', text = null, page = null
where id in (
    select c.id from consents c
    where c.granted and c.source <> 'erased' and c.given_at < now() - :age::interval
      and (select not granted and given_at < now() - :age::interval from consents
           where contact_id = c.contact_id and channel = c.channel order by id desc limit 1)
    order by c.id limit :most)
returning id;

-- name: count_proof
select (select count(*) from consents c
        where c.granted and c.source <> 'erased' and c.given_at < now() - :age::interval
          and (select not granted and given_at < now() - :age::interval from consents
               where contact_id = c.contact_id and channel = c.channel order by id desc limit 1)) as due,
       (select min(given_at) from consents where granted and source <> 'erased') as oldest;

-- name: forget_text
-- That they wrote, and what was decided, stays.
update revocations set address = null, said = null
where id in (
    select id from revocations where said is not null and decided_at < now() - :age::interval order by decided_at limit :most)
returning id;

-- name: count_text
select (select count(*) from revocations where said is not null and decided_at < now() - :age::interval) as due,
       (select min(received_at) from revocations where said is not null) as oldest;

-- name: last_run
select max(finished_at) from retention_runs;

-- name: record_run
insert into retention_runs (report) values (:report);

-- name: forget_told_late
-- Notes of what was told late, with the sums that they are of: where nobody asks for a conversation's figures, nobody else does.
select forget_told_late(conversation) from (select distinct conversation from told_late order by conversation) noted;

-- name: count_messages
-- Notes of what changed of messages, where nobody asks for their report.
select count_messages();
