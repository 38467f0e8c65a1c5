-- Every query of subscriptions to platforms' webhooks.

-- name: note_public_address
insert into public_address (url) values (:url)
on conflict (only_one) do update set url = excluded.url, told_at = now() where public_address.url <> excluded.url;

-- name: public_address
select url from public_address;

-- name: note_subscription
insert into subscriptions (store_id, topic, health, why) values (:store_id, :topic, :health, :why)
on conflict (store_id, topic) do update set health = excluded.health, why = excluded.why, looked_at = now();

-- name: forget_subscriptions
delete from subscriptions where store_id = :store_id and topic <> all (:topics::text[]);
