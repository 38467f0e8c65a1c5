-- Every query of messages that wait for approval.

-- name: held
select s.key, s.journey_id as journey, j.conversation, j.version_id as version, s.step, s.message, s.opened_at as since
from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and ($1::text is null or j.conversation = $1) and ($2::text is null or s.message = $2)
order by s.opened_at, s.key
limit $3;

-- name: count_held
select count(*) from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and ($1::text is null or j.conversation = $1) and ($2::text is null or s.message = $2);

-- name: keys_held
-- The same, by key alone; all that were named, if any were.
select s.key from sends s join journeys j on j.id = s.journey_id
where s.state = 'held' and j.ended_at is null
  and ($1::text is null or j.conversation = $1) and ($2::text is null or s.message = $2)
  and ($3::text[] is null or s.key = any($3))
order by s.key;

-- name: approve
-- The check before it is made anew; the journey is woken for that.
with approved as (
    update sends set state = 'ready', approved_at = now(), approved_by = $2
    where key = any($1::text[]) and state = 'held'
    returning key, journey_id, step
), woken as (
    insert into outbox (kind, journey_id, payload)
    select 'wake', journey_id, jsonb_build_object('step', step) from approved
)
select key from approved order by key;

-- name: standing
-- Whether a place hangs on it: the claim was given before the message came to be held, and nobody was told by it yet.
select s.journey_id, s.step, exists (
    select from claims c where c.journey_id = s.journey_id and c.state = 'given' and c.given_at <= s.opened_at) as place
from sends s
where s.key = $1 and s.state = 'held';

-- name: decline
update sends set state = 'refused', outcome = $2, settled_at = now() where key = $1 and state = 'held' returning key;

-- name: wake
insert into outbox (kind, journey_id, payload) values ('wake', $1, jsonb_build_object('step', $2::text));

-- name: audit
insert into audit (actor, action, details) values ($1, $2, $3);
