-- What only one type of alert says is kept as its document says it, so that a new type needs no new column; and how many places
-- there are, and whose trigger holds, is said here once for all who ask.

alter table alerts
    -- What its triggers are compared with: nothing (it is told of units), the price or the quantity.
    add column measure text check (measure in ('nothing', 'price', 'quantity')),
    -- What the document says of it, without its filters.
    add column section jsonb;
update alerts a set
    measure = case type when 'back-in-stock' then 'nothing' when 'price-drop' then 'price' else 'quantity' end,
    section = (
        select (v.document -> 'alerts' -> a.id) - 'trigger_filter' - 'profile_filter'
        from versions v
        where v.conversation = a.conversation and v.document -> 'alerts' -> a.id ->> 'type' = a.type
        order by v.number desc limit 1);
alter table alerts alter column measure set not null, alter column section set not null;

-- In the words of the measure; the checks of each type's own columns go with them.
alter table alerts drop constraint alerts_type_check, drop constraint alerts_check, drop constraint alerts_check3,
    add check (case measure when 'nothing' then action in ('sign-up', 'browse') else action in ('browse', 'cart') end),
    add check (measure = 'nothing' or contacts_per_unit is null);
alter table alerts drop column drop_amount, drop column drop_percent, drop column low_at, drop column tells_late;

-- How many more may be called forward now (promise P2); null: as many as there are. PostgreSQL puts it in place where it is
-- called, as it does the next.
create function places(e episodes) returns bigint language sql stable as $$
    select case when e.contacts_per_unit is not null then
        greatest(0, least(e.contacts_per_unit * e.arrived - e.claimed, e.contacts_per_unit * e.available)) end
$$;

-- Whether one who waits may be told at this measure of the open episode.
create function trigger_holds(w waiting, measure numeric) returns boolean language sql immutable as $$
    select w.trigger_at is null or (w.armed and w.trigger_at >= measure)
$$;
