-- Every query of settling what was unknown by what providers tell.

-- name: hold
-- Whatever their state, with all that was told in the same message, in a fixed order: who tells waits for who writes *unknown*, or that one for this, and sees its events.
-- Each found by an index: of its own key, and of that which it was told with.
with named as materialized (
    select coalesce(told_with, key) as told_in from sends where key = any(:keys::text[])
)
select from sends s
where s.key = any(array(select told_in from named)) or s.told_with = any(array(select told_in from named))
order by s.key for no key update;

-- name: were_unknown
with named as materialized (
    select coalesce(told_with, key) as told_in from sends where key = any(:keys::text[])
)
select s.key, coalesce(s.told_with, s.key) as told_in, s.journey_id, s.state, s.event, delivery_state(coalesce(s.told_with, s.key)) as told,
       coalesce(s.outcome ->> 'then' = 'leave', false) as gave_up,
       not exists (select from message_events e
                   where e.send_key = coalesce(s.told_with, s.key) and e.kind <> 'sender_at_fault' and way_of(e.kind) >= way_of('failed'))
           as sender_alone,
       not exists (select from sends o where o.journey_id = s.journey_id and o.key <> s.key
                   and o.event in ('alert', 'follow-up') and o.state in ('sending', 'sent', 'unknown')) as alone
from sends s
where (s.key = any(array(select told_in from named)) or s.told_with = any(array(select told_in from named)))
  and (s.state = 'unknown' or s.resolved_at is not null)
order by s.key;

-- name: settle
-- Told when the message left stays as it was: that is when it may have reached them.
update sends set state = :state, outcome = :outcome, resolved_at = coalesce(resolved_at, :now) where key = :key;
