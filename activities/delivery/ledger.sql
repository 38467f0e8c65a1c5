-- Every query of the ledger: what became of each message.

-- name: open
-- Take the right to send this message now. No row: another attempt has it, it is settled, or somebody declined it.
-- One that was held may leave when its step is no longer manual. The message's name is written again: a move may have
-- given the step another message since it was put off. Above a cap the trigger keep_the_cap leaves it ready, and
-- says until when it is put off. Nor is there a row for whoever is being erased, or has said no on the message's `channel` since
-- it was judged: between that and this a mail server may be waited for, and here whoever holds the contact's row. A question is
-- asked of an address (`recipient`, where it is not the contact's own), whatever they said on another.
insert into sends (key, journey_id, step, round, message, channel, event, subject, state, attempts, holder, lease_until, uncapped)
select :key, :journey_id, :step, :round, :message, :channel, :event, :subject, 'sending', 1, :holder, now() + :length::interval, :uncapped
where may_be_written_to(:journey_id, :channel, :recipient::text, :uncapped)
on conflict (key) do update
set state = excluded.state, message = excluded.message, channel = excluded.channel, event = excluded.event, subject = excluded.subject,
    attempts = sends.attempts + 1, holder = excluded.holder,
    lease_until = excluded.lease_until, put_off_until = excluded.put_off_until, uncapped = excluded.uncapped
where (sends.state = 'ready' or (sends.state = 'held' and not :manual)) and sends.declined_at is null
returning case when state = 'ready' then put_off_until end as put_off_until;

-- name: hold_contact
-- Of two that gather the same messages the second waits here, holding none of them.
select from contacts c join journeys j on j.contact_id = c.id where j.id = :journey_id for no key update of c;

-- name: open_with
-- Take the right to tell these in the message :key, with its right to send. Those that may not be told any more are left out.
update sends s
set state = 'sending', told_with = :key, channel = :channel, event = :event, subject = :subject, attempts = attempts + 1, holder = :holder,
    lease_until = now() + :length::interval, put_off_until = null
from journeys j
where s.key = any(:others::text[]) and s.state = 'ready' and s.declined_at is null and s.together_until is not null
  and j.id = s.journey_id and j.ended_at is null and j.leaving is null
  and exists (select from claims c where c.journey_id = j.id and c.state = 'given')
returning s.key;

-- name: name_after
-- What was opened by one attempt for the message :key is told as that of :first, which is one of them: whoever of them hands it
-- over next, after a provider that did not take it, gives it the same name, by which the provider knows it again.
update sends set told_with = nullif(:first, key), uncapped = :uncapped
where holder = :holder and :key in (key, told_with);

-- name: waiting_with
-- Those that wait to be told with this one, in the order in which they began to; `before`: for longer than it, which has not
-- begun at all where it has no row, or none that waits.
select w.journey_id, w.step, w.round, coalesce((w.together_until, w.opened_at, w.key) < (own.together_until, own.opened_at, own.key), true) as before
from waits_with(:journey_id, :message) w left join sends own on own.key = :key
order by w.together_until, w.opened_at, w.key limit :most;

-- name: gather
-- Put off until what else comes back for the same person can be told with it: until when. No row: it is past that.
insert into sends (key, journey_id, step, round, message, state, together_until)
values (:key, :journey_id, :step, :round, :message, 'ready', together_until(:journey_id, :message, :until))
on conflict (key) do update
set together_until = coalesce(sends.together_until, excluded.together_until), put_off_until = null
where sends.state = 'ready'
returning together_until;

-- name: hold
-- It waits for approval, unless it has that for the very words of `version`, whichever version they were approved in.
insert into sends (key, journey_id, step, round, message, state, held_version)
values (:key, :journey_id, :step, :round, :message, 'held', :version)
on conflict (key) do update
set state = 'held', message = excluded.message, held_version = :version, approved_at = null, approved_by = null,
    opened_at = case when sends.state = 'held' then sends.opened_at else now() end
where sends.state in ('ready', 'held') and sends.declined_at is null and (
    sends.approved_at is null
    or (select document -> 'messages' -> sends.message from versions where id = sends.held_version)
       is distinct from (select document -> 'messages' -> excluded.message from versions where id = :version))
returning key;

-- name: note
-- Put off: nothing is settled, but it has a row, so that it can be declined.
insert into sends (key, journey_id, step, round, message, state)
values (:key, :journey_id, :step, :round, :message, 'ready')
on conflict (key) do update set put_off_until = null where sends.put_off_until is not null and sends.state = 'ready';

-- name: put_off
-- Put off for a cap: until when. No row, or null: it need not wait any longer for that.
insert into sends (key, journey_id, step, round, message, channel, state, put_off_until)
values (:key, :journey_id, :step, :round, :message, :channel, 'ready', next_turn(:key, :journey_id, :channel))
on conflict (key) do update set put_off_until = excluded.put_off_until, channel = excluded.channel where sends.state = 'ready'
returning put_off_until;

-- name: stop
-- It cannot be rendered: nothing is settled, but it has a row, and is not held any more.
insert into sends (key, journey_id, step, round, message, state)
values (:key, :journey_id, :step, :round, :message, 'ready')
on conflict (key) do update set state = 'ready' where sends.state = 'held';

-- name: stop_sender
-- Its sender is at fault: the one that its list names, or all of the channel where the whole account is. Who finds it so
-- while it is stopped already changes nothing.
with waits as (
    insert into sends (key, journey_id, step, round, message, state)
    values (:key, :journey_id, :step, :round, :message, 'ready')
    on conflict (key) do update set state = 'ready' where sends.state = 'held'
)
insert into stopped_senders (channel, sender, why, found_by)
select :channel, case when not :whole_account then coalesce(l.sender, '') end, :why, :key
from journeys j join lists l on l.code = list_of(j) where j.id = :journey_id
on conflict do nothing;

-- name: suppress
insert into suppressions (channel, address, reason) values (:channel, lower(:address), :reason) on conflict do nothing;

-- name: release
-- The provider certainly did not take it, with all that was told in it: another attempt may send them. By its holder alone: whoever asks again, because the
-- first answer was lost, must not take the right of the next one.
update sends set state = 'ready', holder = null, lease_until = null, told_with = null
where holder = :holder and (select coalesce(told_with, key) from sends where key = :key) in (key, told_with);

-- name: settle
-- The outcome of a message. One that was found without the right to send (no `holder`) yields to an attempt that is sending;
-- only when its lease has run out, another may say that nobody knows. A contact of a conversation without an alert counts as told from its first message on.
with settled as (
    insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
    values (:key, :journey_id, :step, :round, :message, :state, :outcome, now())
    on conflict (key) do update
    set state = excluded.state, message = excluded.message, outcome = excluded.outcome,
        settled_at = excluded.settled_at, holder = null, lease_until = null
    where sends.state in ('ready', 'held') or sends.holder = :holder
       or (excluded.state = 'unknown' and sends.lease_until <= now())
    returning key, journey_id, state
), told as (
    update journeys j set told_at = coalesce(j.told_at, now())
    from settled s where j.id = s.journey_id and j.alert_id is null and s.state in ('sent', 'unknown')
)
select key from settled;

-- name: settle_with
-- The same outcome for what was told in a message, by whoever has the right to send both. Returns their journeys.
update sends set state = :state, outcome = :outcome, settled_at = now(), holder = null, lease_until = null
where holder = :holder and (select coalesce(told_with, key) from sends where key = :key) in (key, told_with) returning journey_id;

-- name: settle_told
-- These contacts were told, or may have been, each in another message: the outcomes, the claims and the places in line, in one
-- round trip; and the end of a journey, where nothing follows (`last`). With each message all that was told in it: what has the
-- same holder. Returns the keys of those that are on record by this.
with entries as materialized (
    -- By subqueries, so that one plan does for however many they are (of_each).
    select * from unnest(
        (select :keys::text[]), (select :journey_ids::text[]), (select :steps::text[]), (select :rounds::integer[]),
        (select :messages::text[]), (select :states::text[]), (select :outcomes::jsonb[]), (select :holders::uuid[]),
        (select :lasts::boolean[])) as e (key, journey_id, step, round, message, state, outcome, holder, last)
), before as (
    select s.key, s.holder, coalesce(s.told_with, s.key) as told_in from sends s where s.key in (select key from entries)
), settled as (
    insert into sends (key, journey_id, step, round, message, state, outcome, settled_at)
    select key, journey_id, step, round, message, state, outcome, now() from entries order by key
    on conflict (key) do update
    set state = excluded.state, message = excluded.message, outcome = excluded.outcome,
        settled_at = excluded.settled_at, holder = null, lease_until = null
    where sends.state in ('ready', 'held') or exists (select from entries e where e.key = sends.key and e.holder = sends.holder)
       or (excluded.state = 'unknown' and sends.lease_until <= now())
    returning key, journey_id, state, outcome
), together as (
    update sends s set state = own.state, outcome = own.outcome, settled_at = now(), holder = null, lease_until = null
    from before b join settled own on own.key = b.key
    where b.told_in in (s.key, s.told_with) and s.key <> b.key and s.holder = b.holder
    returning s.journey_id, b.key
), of_all as (
    select journey_id, key, true as own from settled union all select journey_id, key, false from together
), used as (
    update claims c set state = 'used', settled_at = now(), lapses_at = now() + make_interval(hours => a.offer_hours),
        stays = a.stay_until_bought is not null
    from journeys j join alerts a on a.id = j.alert_id
    where c.state = 'given' and c.journey_id in (select journey_id from of_all) and j.id = c.journey_id
    returning c.id
), told as (
    -- The parts of one statement run in no promised order: counting `used` locks the claim before the place.
    update waiting set state = 'told'
    where state = 'claimed' and journey_id in (select journey_id from of_all) and (select count(*) from used) >= 0
    returning journey_id
), over as (
    update journeys j
    set told_at = coalesce(j.told_at, now()),
        ended_at = case when e.last and o.own then coalesce(j.ended_at, now()) else j.ended_at end,
        ending = case when e.last and o.own then coalesce(j.ending, 'completed') else j.ending end
    from of_all o join entries e on e.key = o.key
    where j.id = o.journey_id and (select count(*) from told) >= 0
)
select key from settled;

-- name: recorded
select outcome from sends where key = :key;
