-- name: record
-- The same word again about the same channel adds nothing.
insert into consents (contact_id, channel, granted, source)
select $1, $2::text, $3::boolean, $4
where (select granted from consents where contact_id = $1 and channel = $2 order by id desc limit 1)
      is distinct from $3
returning id;
