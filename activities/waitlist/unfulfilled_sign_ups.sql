-- Every query of keeping sign-ups that could not be entered.

-- name: keep_sign_up
-- Nothing, if the same sign-up of the same contact was kept `within` this long before. One that was made earlier than what is
-- kept is a row of its own, so that the earliest is there to enter by. Signing up locks the contact, so that two at once see
-- each other.
insert into events (store_id, id, kind, name, contact_id, product_id, variant_id, happened_at, properties, outcome)
select :store_id, :event_id, 'custom', :name, :contact_id, :product_id, :variant_id, :at::timestamptz, :properties, :outcome
where not exists (
    select from events
    where contact_id = :contact_id and happened_at > :at::timestamptz - :within::interval and happened_at <= :at::timestamptz
      and store_id = :store_id and kind = 'custom' and name = :name and variant_id is not distinct from :variant_id
      and outcome -> 'alerts' -> 0 ->> 'alert' = :alert_id and outcome -> 'alerts' -> 0 ->> 'reason' = :reason)
on conflict (store_id, id) do nothing;
