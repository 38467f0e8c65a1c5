-- Every query of enlisting.

-- name: permission
-- On any channel by which they can be reached.
select coalesce(bool_or(said.granted), false) as granted,
       coalesce(bool_and(said.suppressed) filter (where said.granted), bool_or(said.suppressed), false) as suppressed
from contacts c
cross join lateral addresses_of(c.email, c.phone) reach
cross join lateral (
    select coalesce((select granted from consents where contact_id = c.id and consents.channel = reach.channel
                     order by id desc limit 1), false) as granted,
           exists (select from suppressions s where s.channel = reach.channel
                     and s.address = reach.address) as suppressed) said
where c.id = :contact_id;
