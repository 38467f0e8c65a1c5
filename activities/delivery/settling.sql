-- Every query of settling what was unknown by what providers tell.

-- name: were_unknown
-- Held in a fixed order.
select s.key, s.journey_id, s.state, s.event, delivery_state(s.key) as told,
       not exists (select from sends o where o.journey_id = s.journey_id and o.key <> s.key
                   and o.event in ('alert', 'follow-up') and o.state in ('sending', 'sent', 'unknown')) as alone
from sends s
where s.key = any(:keys::text[]) and (s.state = 'unknown' or s.resolved_at is not null)
order by s.key
for update of s;

-- name: settle
-- Told when the message left stays as it was: that is when it may have reached them.
update sends set state = :state, outcome = :outcome, resolved_at = coalesce(resolved_at, :now) where key = :key;
