-- Every query of entering late that entering at once does not have. Lock order: contacts, products, then as everywhere.

-- name: hold_addresses
-- Locked so that nobody is erased meanwhile; `granted` is their latest consent or refusal for the address's channel, null if
-- there is none.
select c.id, address,
       (select granted from consents
        where contact_id = c.id and channel = channel_of(address)
        order by id desc limit 1) as granted
from unnest(:addresses::text[]) address
join contacts c on c.id = coalesce((select id from contacts where email = address), (select id from contacts where phone = address and not phone_lent))
order by c.id for share of c;

-- name: forgotten_since
-- Those of the addresses whose person was erased, by which store (empty: by all), and when last.
select address, store_id, max(forgotten_at) as forgotten_at
from unnest(:addresses::text[]) address, digests(address) digest join forgotten_addresses using (digest)
group by address, store_id;

-- name: hold_contacts
select id from contacts where id = any(:contact_ids::text[]) and erased_at is null order by id for share;

-- name: hold_products
select from products
where (store_id, product_id) in (select * from unnest(:store_ids::text[], :product_ids::text[]))
order by store_id, product_id
for share;

-- name: make_contact
select contact_of(:contact_id, :address);

-- name: add_phone
select contact_of_both(:contact_id, :email, :phone);

-- name: consent_of_phone
insert into consents (contact_id, channel, granted, source, given_at)
select id, channel_of(phone), true, :source, :given_at::timestamptz
from contacts where id = :contact_id and phone = :phone
  and not exists (select from consents where contact_id = :contact_id and channel = channel_of(:phone));

-- name: consent
insert into consents (contact_id, channel, granted, source, given_at)
select :contact_id, :channel::text, true, :source, :given_at::timestamptz
where not exists (select from consents where contact_id = :contact_id and channel = :channel)
returning id;
