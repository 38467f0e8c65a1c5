-- Every query of ops about waiting lists: who waits, files, what feeds an alert, and who is written to once.

-- name: line
-- Who stands in line, place by place. $2: a variant; $3: a product, as a whole or any variant of it; all are optional.
with lines as (
    select w.journey_id, w.contact_id, w.store_id, w.subject, j.product_id, p.title as product_title, w.alert_id as alert,
           w.entered_at, j.window_ends_at, w.state = 'claimed' as claimed, c.email,
           row_number() over (
               partition by w.alert_id, w.store_id, w.subject
               order by w.state = 'claimed' desc,
                        extract(epoch from w.entered_at) * case when a.newest_first then -1 else 1 end,
                        w.place * case when a.newest_first then -1 else 1 end
           ) as place
    from waiting w
    join journeys j on j.id = w.journey_id
    join alerts a on a.id = w.alert_id
    join products p on p.store_id = j.store_id and p.product_id = j.product_id
    join contacts c on c.id = w.contact_id
    where w.state in ('waiting', 'claimed')
      and ($1::text is null or w.store_id = $1)
      and ($2::text is null or w.subject = 'variant/' || $2)
      and ($3::text is null or j.product_id = $3)
      and ($4::text is null or w.alert_id = $4)
)
select *, count(*) over () as total
from lines
order by alert, store_id, subject, place
limit $5;

-- name: variants_by_id
select variant_id, product_id from variants where store_id = $1 and variant_id = any($2::text[]);

-- name: variants_by_sku
select variant_id, product_id, sku, removed from variants where store_id = $1 and sku = any($2::text[]) order by variant_id;

-- name: variants_by_product
select variant_id, product_id, removed from variants where store_id = $1 and product_id = any($2::text[]) order by variant_id;

-- name: products
select product_id from products where store_id = $1 and product_id = any($2::text[]);

-- name: people_of_events
-- Everyone who did one of $1 since $5, in the order in which they first did. Of custom events only sign-ups ($2) to
-- this list ($4) that no message was live for ($3).
select e.contact_id
from events e join contacts c on c.id = e.contact_id
where e.kind = any($1::text[]) and e.happened_at >= $5 and c.erased_at is null
  and (e.kind <> 'custom'
       or (e.name = $2 and e.properties ->> 'list' = $4 and e.outcome -> 'alerts' -> 0 ->> 'reason' = $3))
group by e.contact_id
order by min(e.happened_at), e.contact_id;

-- name: events_of_people
-- The same of these people ($6), by what each was about, if that is known. A product's only variant is what is meant.
select e.contact_id, e.store_id, e.happened_at, p.product_id,
       coalesce(thing.variant_id, (
           select min(v.variant_id) from variants v
           where v.store_id = e.store_id and v.product_id = p.product_id and not v.removed having count(*) = 1)) as variant_id
from events e
cross join lateral (
    select e.product_id, e.variant_id where e.product_id is not null or e.variant_id is not null
    union all
    select item ->> 'product', item ->> 'variant'
    from jsonb_array_elements(e.items) as item
    where e.product_id is null and e.variant_id is null
) as thing (product_id, variant_id)
join products p
  on p.store_id = e.store_id
 and (thing.product_id is null or p.product_id = thing.product_id)
 and (thing.variant_id is null or exists (
         select from variants v
         where v.store_id = e.store_id and v.variant_id = thing.variant_id and v.product_id = p.product_id))
where e.contact_id = any($6::text[]) and e.kind = any($1::text[]) and e.happened_at >= $5
  and (e.kind <> 'custom'
       or (e.name = $2 and e.properties ->> 'list' = $4 and e.outcome -> 'alerts' -> 0 ->> 'reason' = $3))
order by e.contact_id, e.happened_at, e.received_at, e.id, p.product_id, thing.variant_id;

-- name: to_say
-- Of everyone in these lines, what stands against saying message $5 to them now.
select w.journey_id,
       case when w.state = 'claimed' then 'called_forward'
            when not v.document -> 'messages' ? $5 then 'lacking'
            when exists (select from sends s where s.key = w.journey_id || '/broadcast/' || $5 || '/0')
              or exists (select from outbox o where o.kind = 'broadcast' and o.journey_id = w.journey_id and o.message = $5)
                then 'heard'
            else 'to_hear' end as standing
from waiting w
join journeys j on j.id = w.journey_id
join versions v on v.id = j.version_id
where w.state in ('waiting', 'claimed') and w.store_id = $1
  and ($2::text is null or w.subject = 'variant/' || $2)
  and ($3::text is null or j.product_id = $3)
  and ($4::text is null or w.alert_id = $4)
order by w.entered_at, w.place;

-- name: broadcast
insert into outbox (kind, journey_id, message) select 'broadcast', id, $2 from unnest($1::text[]) with ordinality as said (id, n)
order by n;

-- name: known_message
select exists (
    select from versions v join conversations c on c.code = v.conversation where v.document -> 'messages' ? $1);

-- name: known_thing
select exists (select from products where store_id = $1 and product_id = $2)
    or exists (select from variants where store_id = $1 and variant_id = $3);

-- name: audit
insert into audit (actor, action, details) values ($1, $2, $3);
