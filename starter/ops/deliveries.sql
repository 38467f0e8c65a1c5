-- Webhooks that were signed and could not be read.

-- name: malformed
select id, store_id, source, topic, error, received_at,
       case when :delivery_id::bigint is not null then convert_from(body, 'latin1') end as body
from inbox
where state = 'malformed' and (:delivery_id::bigint is null or id = :delivery_id) and (:before::bigint is null or id < :before)
  and (:stores::text[] is null or store_id = any(:stores))
order by id desc limit :most;
