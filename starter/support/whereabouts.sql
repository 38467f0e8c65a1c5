-- Every query of where the journeys of one contact are.

-- name: under_way
select j.id as journey_id, j.store_id, j.subject, p.title as product_title, j.conversation, j.version_id, j.alert_id,
       j.entered_at, j.told_at, j.window_ends_at, j.at_step, j.at_since, j.held_up_by, j.leaving is not null as leaving,
       w.state as place, w.entered_at as in_line_since,
       (select max(greatest(put_off_until, together_until)) from sends where journey_id = j.id and state = 'ready') as put_off_until
from journeys j
left join products p on p.store_id = j.store_id and p.product_id = j.product_id
left join waiting w on w.journey_id = j.id
where j.contact_id = :contact_id and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores))
  and (:until::timestamptz is null or j.entered_at <= :until)
order by j.entered_at desc, j.id desc
limit :most;

-- name: versions
select id, document, program from versions where id = any(:versions::text[]);
