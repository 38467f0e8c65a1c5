-- Every query of signing up.

-- name: product_of_variant
select product_id from variants where store_id = :store_id and variant_id = :variant_id;

-- name: only_variant
select min(variant_id) from variants
where store_id = :store_id and product_id = :product_id and not removed
having count(*) = 1;

-- name: count_of_network
-- Count one more sign-up for a variant from this network, as its digest, today; no row: there were `most` already, or no such
-- variant.
insert into sign_up_counts as counted (day, network, store_id, variant_id, count)
select (now() at time zone 'UTC')::date, new_digest(:network::text), store_id, variant_id, 1 from variants
where store_id = :store_id and variant_id = :variant_id
on conflict (day, network, store_id, variant_id) do update set count = counted.count + 1 where counted.count < :most
returning count;

-- name: hold_mailbox
-- Of sign-ups by addresses of one mailbox the later sees the earlier.
select pg_advisory_xact_lock(hashtextextended(mailbox, 0)) from contacts where id = :contact_id;

-- name: contact
select contact_of(:contact_id, :address);

-- name: contact_of_both
select contact_of_both(:contact_id, :email, :phone);

-- name: has_phone
select phone = :phone from contacts where id = :contact_id;

-- name: contact_then
select contact_then(:contact_id, :address, :at, :store_id, :order_id);

-- name: consent
-- Append-only: written only where they have neither agreed nor refused yet. A sign-up form anyone can fill in must not undo a
-- refusal that is on record.
insert into consents (contact_id, channel, granted, source)
select :contact_id, :channel::text, true, :source
where not exists (select from consents where contact_id = :contact_id and channel = :channel);
