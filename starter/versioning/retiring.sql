-- Every query of retiring a conversation.

-- name: under_way
-- Of a conversation that is published, or was and has somebody under way still: who is under way in it.
select c.code as conversation,
       (select count(*) from journeys j where j.conversation = c.code and j.ended_at is null and j.leaving is null) as journeys,
       (select count(*) from waiting w join alerts a on a.id = w.alert_id
        where a.conversation = c.code and w.state in ('waiting', 'claimed')) as in_line
from conversations c
where c.code = :conversation
  and (c.published is not null
       or exists (select from journeys j where j.conversation = c.code and j.ended_at is null and j.leaving is null));

-- name: withdraw
-- Nobody enters it any more; its versions stay. In one order with publishing: the conversation, then its alerts.
update conversations set published = null where code = :conversation;

-- name: retire_alerts
update alerts set retired = true where conversation = :conversation and not retired returning id;

-- name: drop_entry_triggers
delete from entry_triggers where conversation = :conversation;
