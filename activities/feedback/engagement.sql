-- Every query of opens and clicks.

-- name: find_scans
-- Clicks that were made with so many others of their message, of different links, that no person made them: of these new
-- ones and those near them in time, for others are as they were.
update message_events c set kind = 'machine_clicked'
where c.kind = 'clicked' and c.id in (
    select e.id from (
        select distinct near.id, near.send_key, near.happened_at
        from message_events n
        join message_events near on near.send_key = n.send_key and near.kind = 'clicked'
             and near.happened_at between n.happened_at - :within::interval and n.happened_at + :within::interval
        where n.id = any(:new::bigint[]) and n.kind in ('clicked', 'machine_clicked')) e
    join message_events o on o.send_key = e.send_key and o.kind in ('clicked', 'machine_clicked')
                         and o.happened_at between e.happened_at - :within::interval and e.happened_at + :within::interval
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
