-- Every query of calls to other systems.

-- name: about
-- Who and what a call is about, where it goes and whether it was taken before.
select j.contact_id, j.store_id, j.subject, j.conversation, j.entered_at,
       c.email, c.phone, c.attributes, c.erased_at is not null as erased,
       v.criteria -> 'addresses' ->> :step as url,
       exists (select from calls where key = :key and taken_at is not null) as taken
from journeys j
join contacts c on c.id = j.contact_id
join versions v on v.id = :version
where j.id = :journey_id;

-- name: note
-- An attempt and how it ended; `error` null: it was taken.
insert into calls (key, journey_id, attempts, taken_at, last_error)
values (:key, :journey_id, 1, case when :error::text is null then now() end, :error)
on conflict (key) do update
set attempts = calls.attempts + 1, taken_at = coalesce(calls.taken_at, excluded.taken_at),
    last_error = excluded.last_error, tried_at = now();
