-- Every query of calls to other systems.

-- name: about
-- Who and what a call is about, where it goes ($2 version, $3 step), and whether it ($4) was taken before.
select j.contact_id, j.store_id, j.subject, j.conversation, j.entered_at,
       c.email, c.attributes, c.erased_at is not null as erased,
       v.questions -> 'addresses' ->> $3 as url,
       exists (select from calls where key = $4 and taken_at is not null) as taken
from journeys j
join contacts c on c.id = j.contact_id
join versions v on v.id = $2
where j.id = $1;

-- name: note
-- An attempt and how it ended; $3 null: it was taken.
insert into calls (key, journey_id, attempts, taken_at, last_error)
values ($1, $2, 1, case when $3::text is null then now() end, $3)
on conflict (key) do update
set attempts = calls.attempts + 1, taken_at = coalesce(calls.taken_at, excluded.taken_at),
    last_error = excluded.last_error, tried_at = now();
