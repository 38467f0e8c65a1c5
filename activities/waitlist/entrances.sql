-- Every query of signing up.

-- name: product_of_variant
select product_id from variants where store_id = :store_id and variant_id = :variant_id;

-- name: only_variant
select min(variant_id) from variants
where store_id = :store_id and product_id = :product_id and not removed
having count(*) = 1;

-- name: contact
insert into contacts (id, email) values (:contact_id, :email)
on conflict (email) do update set email = excluded.email
returning id;

-- name: contact_then
select contact_then(:contact_id, :email, :at, :store_id, :order_id);

-- name: consent
-- Append-only: written only where they have neither agreed nor refused yet. A sign-up form anyone can fill in must not undo a
-- refusal that is on record.
insert into consents (contact_id, channel, granted, source)
select :contact_id, :channel::text, true, :source
where not exists (select from consents where contact_id = :contact_id and channel = :channel);
