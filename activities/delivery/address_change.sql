-- Every query of asking a new address.

-- name: address_change
-- Not one that nothing is sent to.
select a.email, a.token, c.attributes ->> 'language' as language
from address_changes a join contacts c on c.id = a.contact_id
where a.id = :id and a.email is not null and a.decided_at is null and a.ends_at > now()
  and not exists (select from suppressions where channel = :channel and address = a.email);
