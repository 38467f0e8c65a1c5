-- Every query of texts that may take a consent back.

-- name: waiting
select r.id, coalesce(text.id, mail.id) as contact, r.channel, r.said, r.likely, r.received_at, r.due_at, count(*) over () as total
from revocations r
left join contacts text on text.phone = r.address left join contacts mail on mail.email = r.address
where r.decision is null
order by r.likely desc, r.due_at, r.id
limit :most;

-- name: hold_contact
-- First of all locks.
select from contacts
where id = (select coalesce(text.id, mail.id) from revocations r
            left join contacts text on text.phone = r.address left join contacts mail on mail.email = r.address
            where r.id = :id)
for no key update;

-- name: forget
-- Of somebody whom we do not know nothing is kept that is not needed any more.
update revocations set address = null, said = null where id = :id;

-- name: decide
update revocations r set decision = :decision, decided_at = now(), decided_by = :actor
where r.id = :id and r.decision is null
returning r.channel, r.address,
          coalesce((select id from contacts where phone = r.address), (select id from contacts where email = r.address)) as contact_id;
