-- What contacts did, by the names that conversations hear it under: asked by decisions, at doors, and by dry runs.

-- A storefront may tell of an order late. Null: from before this was kept.
alter table orders add column received_at timestamptz;
alter table orders alter column received_at set default now();

-- One row per deed and name; an order is `ordered`, and `bought` for each product. Of no store: in every one. Whoever is on
-- a list and joins it again has done nothing.
create view deeds (contact_id, store_id, event, done_at, known_at, event_id, message_id, product_id) as
    select e.contact_id, e.store_id, case e.kind when 'custom' then 'custom.' || e.name else e.kind end,
           e.happened_at, greatest(e.happened_at, e.received_at), e.id, e.message_id, null::text
    from events e
    where e.kind <> 'ordered' and (e.kind <> 'joined_list' or exists (
        select from list_members m
        where m.contact_id = e.contact_id and m.list_code = e.list_code and m.joined_at = e.happened_at))
    union all
    select contact_id, store_id, 'ordered', ordered_at, greatest(ordered_at, received_at), null, null, null
    from orders where not cancelled
    union all
    select contact_id, store_id, 'bought', ordered_at, greatest(ordered_at, received_at), null, null, product_id
    from orders where not cancelled
    union all
    select contact_id, null, 'unsubscribed', given_at, given_at, null, null, null
    from consents where not granted;

-- What a journey's contact did since they entered, in its shop, of what concerns it: not what they entered on, of its
-- product if it has one, and of its own messages if the deed names one of ours.
create view journey_deeds (journey_id, event, done_at, known_at) as
    select j.id, d.event, d.done_at, d.known_at
    from journeys j join deeds d on d.contact_id = j.contact_id and (d.store_id is null or d.store_id = j.store_id)
    where (d.event_id is null or d.event_id is distinct from j.event_id)
      and (d.product_id is null or j.product_id is null or d.product_id = j.product_id)
      and (d.message_id is null or d.message_id not like 'j-%' or split_part(d.message_id, '.', 1) = j.id)
      and case when d.event in ('ordered', 'bought') and j.entered_on in ('ordered', 'bought')
               then d.done_at > j.entered_at else d.done_at >= j.entered_at end;
