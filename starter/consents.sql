-- name: record
-- The same word again adds nothing.
insert into consents (contact_id, channel, granted, source)
select $1, 'email', $2, $3
where (select granted from consents where contact_id = $1 and channel = 'email' order by id desc limit 1)
      is distinct from $2
returning id;
