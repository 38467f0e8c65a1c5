-- Every query of carts.

-- name: cart
-- What is in the cart that an event told of, as it was told last.
select id, contact_id, product_id, variant_id, quantity, items from events where store_id = :store_id and id = :event_id;

-- name: hold_products
-- Of all that is in a cart, in a fixed order, as whoever enters holds them.
select from products
where store_id = :store_id
  and (product_id = any(:product_ids::text[]) or product_id in (
      select product_id from variants where store_id = :store_id and variant_id = any(:variant_ids::text[])))
order by product_id
for share;

-- name: carts_of
-- The carts, of one product or of many, that the contact's journeys under way were entered on.
select e.id, e.contact_id, e.product_id, e.variant_id, e.quantity, e.items
from journeys j join events e on e.store_id = j.store_id and e.id = j.event_id
where j.contact_id = :contact_id and j.store_id = :store_id and j.alert_id is null and j.ended_at is null
  and e.kind in ('added_to_cart', 'checkout_started') and e.happened_at <= :at;

-- name: checkouts_of_cart
select id from events where store_id = :store_id and cart_id = :cart_id and kind = 'checkout_started' order by id;

-- name: name_cart
update events set cart_id = :cart_id where store_id = :store_id and id = :event_id and cart_id is distinct from :cart_id;

-- name: set_cart
-- The newest message stands. Nothing, if a newer one was told before.
update events
set items = :items, product_id = :product_id, variant_id = :variant_id, quantity = :quantity, told_at = :told_at
where store_id = :store_id and id = :event_id and told_at <= :told_at
returning id;

-- name: leave_cart_lines
-- They wait for what is no longer in their cart, in lines that the cart put them in.
with gone as (
    select w.journey_id from waiting w join alerts a on a.id = w.alert_id join journeys j on j.id = w.journey_id
    where w.contact_id = :contact_id and w.store_id = :store_id and w.state in ('waiting', 'claimed') and a.action = 'cart'
      and j.leaving is null and j.product_id = :product_id
      and case when w.subject like 'product/%' then
              -- Unless another of its variants is in a cart still.
              not (:product_id = any(:still_products::text[]) or exists (
                  select from variants v
                  where v.store_id = :store_id and v.product_id = :product_id and v.variant_id = any(:still_variants::text[])))
          else :variant_id::text is null or w.subject = 'variant/' || :variant_id end
      and w.entered_at <= :at
    order by j.id for no key update of j
), asked as (
    update journeys set leaving = 'not_in_cart' where id in (select journey_id from gone) returning id
)
insert into outbox (kind, journey_id, reason) select 'leave', id, 'not_in_cart' from asked;
