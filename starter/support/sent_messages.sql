-- Every query of what one person was sent.

-- name: of_contact
-- The newest :most that left or may have left, the oldest first; with how each journey was entered. What was told in one message
-- is one, by the first of it that is asked for, with what else was told in it.
select * from (
    select distinct on (s.settled_at, coalesce(s.told_with, s.key)) s.journey_id, j.store_id, j.subject as about, j.product_id, p.title as product_title, j.conversation, j.alert_id,
           j.version_id, s.step, s.message, s.round, s.event, s.subject,
           array(select o.subject from sends t join journeys o on o.id = t.journey_id
                 where coalesce(s.told_with, s.key) in (t.key, t.told_with) and t.key <> s.key order by t.key) as together,
           coalesce((select document -> 'messages' -> s.message ->> 'channel' from versions where id = j.version_id), :otherwise) as channel,
           s.state = 'unknown' as unknown,
           s.settled_at as sent_at, j.entered_at, j.entered_on, a.type, a.action
    from journeys j
    join sends s on s.journey_id = j.id and s.state in ('sent', 'unknown')
    left join alerts a on a.id = j.alert_id
    left join products p on p.store_id = j.store_id and p.product_id = j.product_id
    where j.contact_id = :contact_id and (:store_id::text is null or j.store_id = :store_id)
      and (:stores::text[] is null or j.store_id = any(:stores))
      and (:product_id::text is null or j.product_id = :product_id)
      and (:variant_id::text is null or j.subject in ('variant/' || :variant_id, 'product/' || j.product_id))
    order by s.settled_at desc, coalesce(s.told_with, s.key) desc, s.told_with nulls first, s.key
    limit :most
) newest order by sent_at, journey_id, round, step;

-- name: every_of_contact
-- The newest :most of any state, the oldest first, with what became of each: also what was not sent, and is not yet.
select * from (
    select distinct on (coalesce(s.settled_at, s.opened_at), coalesce(s.told_with, s.key))
           s.journey_id, j.store_id, j.subject as about, j.product_id, p.title as product_title, j.conversation, j.alert_id,
           j.version_id, s.step, s.message, s.round, s.event, s.subject,
           array(select o.subject from sends t join journeys o on o.id = t.journey_id
                 where coalesce(s.told_with, s.key) in (t.key, t.told_with) and t.key <> s.key order by t.key) as together,
           coalesce(s.channel, (select document -> 'messages' -> s.message ->> 'channel' from versions where id = j.version_id), :otherwise) as channel,
           s.state = 'unknown' as unknown, coalesce(s.settled_at, s.opened_at) as sent_at, j.entered_at, j.entered_on, a.type, a.action,
           s.state, s.outcome, greatest(s.put_off_until, s.together_until) as put_off_until, j.held_up_by,
           delivery_state(coalesce(s.told_with, s.key)) as delivered,
           array(select distinct touch from touches(coalesce(s.told_with, s.key)) where touch <> 'delivered') as touches
    from journeys j
    join sends s on s.journey_id = j.id
    left join alerts a on a.id = j.alert_id
    left join products p on p.store_id = j.store_id and p.product_id = j.product_id
    where j.contact_id = :contact_id and (:stores::text[] is null or j.store_id = any(:stores))
      and (:until::timestamptz is null or coalesce(s.settled_at, s.opened_at) <= :until)
    order by coalesce(s.settled_at, s.opened_at) desc, coalesce(s.told_with, s.key) desc, s.told_with nulls first, s.key
    limit :most
) newest order by sent_at, journey_id, round, step;
