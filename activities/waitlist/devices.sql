-- Every query of shoppers' browsers.

-- name: know
insert into devices (digest, contact_id, store_id) values (new_digest(:device::text), :contact_id, :store_id);

-- name: believe
-- Whose browser it is, once it is counted; no row: it is nobody's, of long ago, or has told of so much today already.
update devices
set told = case when day = (now() at time zone 'UTC')::date then told else 0 end + :told::int, day = (now() at time zone 'UTC')::date
where digest in (select digests(:device::text)) and made_at > now() - :believed_for::interval
  and case when day = (now() at time zone 'UTC')::date then told else 0 end + :told::int <= :most::int
returning contact_id, store_id;

-- name: forget
-- Whoever tells of anything does so within a month, for browsers keep nothing for longer.
delete from devices where made_at < now() - :believed_for::interval or (day is null and made_at < now() - interval '31 days');
