-- Every query of entering late, but for those of entering itself. Lock order: contacts, products, then as everywhere.

-- name: hold_addresses
-- Held against an erasure of the same moment; `granted` is their latest word on a channel ($2), null if there is none.
select id, email,
       (select granted from consents where contact_id = c.id and channel = $2 order by id desc limit 1) as granted
from contacts c where email = any($1::text[]) order by id for share of c;

-- name: hold_contacts
select id from contacts where id = any($1::text[]) and erased_at is null order by id for share;

-- name: hold_products
select from products
where (store_id, product_id) in (select * from unnest($1::text[], $2::text[]))
order by store_id, product_id
for share;

-- name: make_contact
insert into contacts (id, email) values ($1, $2)
on conflict (email) do update set email = excluded.email
returning id;

-- name: consent
insert into consents (contact_id, channel, granted, source, given_at) values ($1, $2, true, $3, $4);
