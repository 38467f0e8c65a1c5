-- What contacts did, by the names that conversations hear it under: asked by decisions, at doors, and by dry runs.

-- A storefront may tell of an order late. Null: from before this was kept.
alter table orders add column received_at timestamptz;
alter table orders alter column received_at set default now();

-- One row per deed of a contact ($1) and name; an order is `ordered`, and `bought` for each line. Of no store: in every one.
-- Whoever was on a list and joined it again has done nothing, and a sign-up that was kept for it could not be entered is told to
-- nobody. A function, and no view, so that each part is read by its
-- index on contacts also where the contact comes from a join: PostgreSQL puts it in place where it is called.
create function deeds(text) returns table (
    store_id text, event text, done_at timestamptz, known_at timestamptz, event_id text, message_id text, product_id text)
language sql stable as $$
    select store_id, case kind when 'custom' then 'custom.' || name else kind end,
           happened_at, greatest(happened_at, received_at), id, message_id, null::text
    from events
    where contact_id = $1 and kind <> 'ordered' and (kind <> 'joined_list' or outcome ->> 'note' is null)
      and (name is distinct from 'signed_up' or outcome -> 'alerts' is null)
    union all
    select store_id, 'ordered', min(ordered_at), min(greatest(ordered_at, received_at)), null::text, null::text, null::text
    from orders where contact_id = $1 and not cancelled
    group by store_id, order_id
    union all
    select store_id, 'bought', ordered_at, greatest(ordered_at, received_at), null::text, null::text, product_id
    from orders where contact_id = $1 and not cancelled
    union all
    select null::text, 'unsubscribed', given_at, given_at, null::text, null::text, null::text
    from consents where contact_id = $1 and not granted
$$;

-- What a journey's contact did since they entered, in its shop, of what concerns it: not what they entered on, of its
-- product if it has one, and of its own messages if the deed names one of ours.
create view journey_deeds (journey_id, event, done_at, known_at) as
    select j.id, d.event, d.done_at, d.known_at
    from journeys j cross join lateral deeds(j.contact_id) d
    where (d.store_id is null or d.store_id = j.store_id)
      and (d.event_id is null or d.event_id is distinct from j.event_id)
      and (d.product_id is null or j.product_id is null or d.product_id = j.product_id)
      and (d.message_id is null or d.message_id not like 'j-%' or split_part(d.message_id, '.', 1) = j.id)
      and case when d.event in ('ordered', 'bought') and j.entered_on in ('ordered', 'bought')
               then d.done_at > j.entered_at else d.done_at >= j.entered_at end;
