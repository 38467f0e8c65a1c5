-- name: record
-- The same word again about the same channel adds nothing.
insert into consents (contact_id, channel, granted, source, given_at)
select :contact_id, :channel::text, :granted::boolean, :source, :given_at::timestamptz
where (select granted from consents where contact_id = :contact_id and channel = :channel order by id desc limit 1)
      is distinct from :granted
returning id;

-- name: said_no
-- Their latest word is a no.
select not granted from consents where contact_id = :contact_id and channel = :channel order by id desc limit 1;

-- name: has_phone
select phone = :phone from contacts where id = :contact_id;
