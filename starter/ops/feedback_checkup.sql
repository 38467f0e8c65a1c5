-- What the check-up looks at of what providers told.

-- name: texts_waiting
-- Texts that may mean a no, and that nobody has read; when the first of them has to be kept to.
select count(*) as texts, count(*) filter (where likely) as likely, min(due_at) as first_due,
       count(*) filter (where due_at < now() + :soon::interval) as pressing
from revocations where decision is null;

-- name: at_fault
-- Messages that were refused lately for what the sender is, and the last of the codes.
select count(*) as messages, (array_agg(provider order by id desc))[1] as provider, (array_agg(code order by id desc))[1] as code
from message_events where kind = 'sender_at_fault' and received_at > now() - :lately::interval;
