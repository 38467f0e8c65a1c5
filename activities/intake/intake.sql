-- Every query of the intake itself: what is asked for again, a store's currency, and items that are set by hand.

-- name: asked_again
-- Remembered as of now: whoever sends an old message a thousand times is noted once.
update inbox set received_at = now()
where source = :source and store_id = :store_id and key = :key and lasting and received_at < now() - :again::interval
returning id;

-- name: set_currency
-- The newest word on it counts. An order says it each time, so a row is written only where it says something else.
update stores set currency = :currency, currency_observed_at = :observed_at
where id = :store_id and currency is distinct from :currency and coalesce(currency_observed_at <= :observed_at, true);

-- name: item_of_variant
select inventory_item_id from variants where store_id = :store_id and variant_id = :variant_id;

-- name: give_item
-- An inventory item of our own, for a variant whose storefront has not named one.
update variants set inventory_item_id = coalesce(inventory_item_id, 'by-variant-' || variant_id)
where store_id = :store_id and variant_id = :variant_id
returning inventory_item_id;

-- name: leave_hint
select leave_hint(:store_id, :product_id, :variant_id, :order_id, :cart_id, interval '0');
