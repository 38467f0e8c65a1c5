-- Every query of the report on messages.

-- name: activity
-- Of the messages that were sent in the period, or may have been: what was told of each, whenever that was. A message that
-- nobody knows of counts as sent, unless its provider has told that it reached nobody.
with sent as (
    select s.key, s.state, s.step, s.message, j.conversation, j.alert_id, j.version_id, coalesce(list_of(j), '') as list_code
    from sends s join journeys j on j.id = s.journey_id
    where s.settled_at >= :since and s.settled_at < :until
      and (s.state in ('sent', 'unknown') or s.resolved_at is not null) and s.told_with is null
      and (:conversation::text is null or j.conversation = :conversation)
      and (:alert::text is null or j.alert_id = :alert) and (:store::text is null or j.store_id = :store)
      and (:stores::text[] is null or j.store_id = any(:stores))
), told as (
    select s.*, t.*, (select 1 + count(*) from sends w where w.told_with = s.key) as told
    from sent s
    cross join lateral (
        select max(way_of(kind)) as way,
               coalesce(bool_or(kind = 'opened'), false) as opened,
               coalesce(bool_or(kind = 'machine_opened'), false) as machine_opened,
               coalesce(bool_or(kind = 'clicked'), false) as clicked,
               coalesce(bool_or(kind = 'machine_clicked'), false) as machine_clicked,
               coalesce(bool_or(kind = 'complained'), false) as complained,
               coalesce(bool_or(kind = 'unsubscribed'), false) as unsubscribed
        from message_events where send_key = s.key
    ) t
    where :list_code::text is null or s.list_code = :list_code
)
select list_code,
       case when :by <> 'list' then conversation end as conversation,
       case when :by = 'alert' then alert_id end as alert,
       case when :by in ('message', 'step', 'version') then version_id end as version,
       case when :by in ('message', 'step') then step end as step,
       case when :by = 'message' then message end as message,
       count(*) as sent,
       sum(told)::bigint as told,
       count(*) filter (where state = 'unknown') as unknown,
       count(*) filter (where way = 4) as delivered,
       count(*) filter (where way >= 5) as bounced,
       count(*) filter (where opened) as opened,
       count(*) filter (where machine_opened and not opened) as machine_opened,
       count(*) filter (where clicked) as clicked,
       count(*) filter (where machine_clicked and not clicked) as machine_clicked,
       count(*) filter (where complained) as complained,
       count(*) filter (where unsubscribed) as unsubscribed
from told
group by 1, 2, 3, 4, 5, 6
order by sent desc, 1, 2, 3, 4, 5, 6
limit :most;
