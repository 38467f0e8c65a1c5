-- Every query of opens and clicks.

-- name: find_scans
-- Clicks of these messages that were made with so many others, of different links, that no person made them.
update message_events c set kind = 'machine_clicked'
where c.send_key = any(:keys::text[]) and c.kind = 'clicked' and c.id in (
    select e.id from message_events e
    join message_events o on o.send_key = e.send_key and o.kind in ('clicked', 'machine_clicked')
                         and o.happened_at between e.happened_at - :within::interval and e.happened_at + :within::interval
    where e.send_key = any(:keys::text[]) and e.kind = 'clicked'
    group by e.id having count(distinct o.link) >= :many)
returning c.id;

-- name: take_clicks_back
delete from events where id = any(:event_ids::text[]) and kind = 'clicked_message';

-- name: engagements
-- Those of these events that people did, of messages of ours.
select e.id, e.kind, j.contact_id, j.store_id, e.happened_at,
       coalesce(s.outcome ->> 'message_id', replace(s.key, '/', '.')) as message_id
from message_events e join sends s on s.key = e.send_key join journeys j on j.id = s.journey_id
where e.id = any(:ids::bigint[]) and e.kind in ('opened', 'clicked') and extract(year from e.happened_at) >= :earliest
order by e.id;
