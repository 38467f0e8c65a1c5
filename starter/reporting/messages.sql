-- Every query of the report on messages.

-- name: count
-- What was told of messages since they were counted last.
select count_messages();

-- name: activity
-- Of the messages that were sent in the period, or may have been: what was told of each, whenever that was. A message that
-- nobody knows of counts as sent, unless its provider has told that it reached nobody. Periods begin and end with a quarter of an hour.
with lists_of_versions as materialized (
    select id, document -> 'list' ->> 'code' as list_code from versions
), sent as (
    select m.*, coalesce(a.list_code, v.list_code, '') as list_code
    from message_sums m
    left join alerts a on a.id = m.alert_id
    left join lists_of_versions v on v.id = m.version_id
    where m.quarter >= :since and m.quarter < :until
      and (:conversation::text is null or m.conversation = :conversation)
      and (:alert::text is null or m.alert_id = :alert) and (:store::text is null or m.store_id = :store)
      and (:stores::text[] is null or m.store_id = any(:stores))
)
select list_code,
       case when :by <> 'list' then conversation end as conversation,
       case when :by = 'alert' then nullif(alert_id, '') end as alert,
       case when :by in ('message', 'step', 'version') then version_id end as version,
       case when :by in ('message', 'step') then step end as step,
       case when :by = 'message' then message end as message,
       sum(sent)::bigint as sent, sum(told)::bigint as told, sum(unknown)::bigint as unknown,
       sum(delivered)::bigint as delivered, sum(bounced)::bigint as bounced, sum(opened)::bigint as opened,
       sum(machine_opened)::bigint as machine_opened, sum(clicked)::bigint as clicked, sum(machine_clicked)::bigint as machine_clicked,
       sum(complained)::bigint as complained, sum(unsubscribed)::bigint as unsubscribed
from sent
where :list_code::text is null or list_code = :list_code
group by 1, 2, 3, 4, 5, 6
having sum(sent) > 0
order by sent desc, 1, 2, 3, 4, 5, 6
limit :most;
