-- Every query of enlisting.

-- name: permission
select coalesce((select granted from consents where contact_id = c.id and channel = :channel order by id desc limit 1), false)
           as granted,
       exists (select from suppressions s where s.channel = :channel and s.address = address_on(:channel, c.email, c.phone)) as suppressed
from contacts c where c.id = :contact_id;
