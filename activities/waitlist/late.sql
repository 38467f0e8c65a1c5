-- Every query of entering late that entering at once does not have. Lock order: contacts, products, then as everywhere.

-- name: hold_addresses
-- Locked so that nobody is erased meanwhile; `granted` is their latest consent or refusal for this channel, null if there is none.
select id, email,
       (select granted from consents where contact_id = c.id and channel = :channel order by id desc limit 1) as granted
from contacts c where email = any(:emails::text[]) order by id for share of c;

-- name: forgotten_since
-- Those of the addresses whose person was erased, by which store (empty: by all), and when last.
select email, store_id, max(forgotten_at) as forgotten_at
from unnest(:emails::text[]) email, digests(email) digest join forgotten_addresses using (digest)
group by email, store_id;

-- name: hold_contacts
select id from contacts where id = any(:contact_ids::text[]) and erased_at is null order by id for share;

-- name: hold_products
select from products
where (store_id, product_id) in (select * from unnest(:store_ids::text[], :product_ids::text[]))
order by store_id, product_id
for share;

-- name: make_contact
insert into contacts (id, email) values (:contact_id, :email)
on conflict (email) do update set email = excluded.email
returning id;

-- name: consent
insert into consents (contact_id, channel, granted, source, given_at)
select :contact_id, :channel::text, true, :source, :given_at::timestamptz
where not exists (select from consents where contact_id = :contact_id and channel = :channel)
returning id;
