-- Every query of what a publication means for those who wait in line.

-- name: locations
-- Of every alert of the conversation, or of its list.
select a.id, l.locations
from alerts a join lists l on l.code = a.list_code
where a.conversation = :conversation or a.list_code = :list_code;

-- name: supplies_are_missing
-- Whether of any item the units at exactly these locations are not counted yet.
select exists (
    select from lists l join supplies everywhere on everywhere.locations is null
    where l.code = :list_code and not exists (
        select from supplies s
        where s.store_id = everywhere.store_id and s.item = everywhere.item and s.locations = l.locations));

-- name: items
select store_id, array_agg(distinct item) as items from supplies group by store_id order by store_id;

-- name: waited_for
select distinct j.store_id, j.product_id
from waiting w join journeys j on j.id = w.journey_id
where w.alert_id = any(:alerts::text[]) and w.state = 'waiting'
order by 1, 2;

-- name: hold_product
select from products where store_id = :store_id and product_id = :product_id for no key update;

-- name: add_conversation
insert into conversations (code, name) values (:conversation, :name) on conflict do nothing;

-- name: told_next
-- Whom the shelves of a product would call forward now, for these alerts.
select coalesce(sum(told), 0)::bigint
from would_be_told(array(
    select e.id
    from episodes e join alerts a on a.id = e.alert_id join conversations c on c.code = a.conversation
    where e.store_id = :store_id and e.closed_at is null and e.alert_id = any(:alerts::text[])
      and a.paused_at is null and c.paused_at is null
      and e.subject in (
          select 'product/' || :product_id::text
          union all select 'variant/' || variant_id from variants where store_id = :store_id and product_id = :product_id)));
