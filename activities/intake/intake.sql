-- Every query of the intake itself: deliveries, a store's currency, and items that are set by hand.

-- name: receive
insert into inbox (store_id, source, topic, key, state, error, body, lasting)
values (:store_id, :source, :topic, :key, :state, :error, :body, :lasting)
on conflict (source, store_id, key) do update
-- A delivery that could not be read, or was ignored, may be applied when it comes again.
set state = excluded.state, error = null, body = null
where inbox.state <> 'applied' and excluded.state = 'applied'
returning id;

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
