-- Every query of signing up.

-- name: product_of_variant
select product_id from variants where store_id = :store_id and variant_id = :variant_id;

-- name: only_variant
select min(variant_id) from variants
where store_id = :store_id and product_id = :product_id and not removed
having count(*) = 1;

-- name: hold_mailbox
-- Of sign-ups by addresses of one mailbox the later sees the earlier.
select pg_advisory_xact_lock(hashtextextended(mailbox, 0)) from contacts where id = :contact_id;

-- name: contact
select contact_of(:contact_id, :address);

-- name: contact_of_both
select contact_of_both(:contact_id, :email, :phone);

-- name: contact_of_form
-- What anyone can type joins an address and a number for nobody who is known by either: who has the e-mail address it is. For
-- somebody new the number is lent, until somebody comes with it alone.
with made as (
    insert into contacts (id, email, phone, phone_lent) values (:contact_id, :email, :phone, true)
    on conflict do nothing returning id
)
select id from made union all select contact_of(:contact_id, :email) where not exists (select from made);

-- name: has_phone
select phone = :phone from contacts where id = :contact_id;

-- name: contact_then
select contact_then(:contact_id, :address, :at, :store_id, :order_id);

-- name: consent
-- Append-only: written only where they have neither agreed nor refused yet. A sign-up form anyone can fill in must not undo a
-- refusal that is on record.
-- Shown other words, or another page, who has agreed agrees to that too: it is kept beside, up to a number, for anyone can
-- fill in a form.
insert into consents (contact_id, channel, granted, source, purpose, text, page, network_digest)
select :contact_id, :channel::text, true, :source, :purpose, :text::text, :page::text, new_digest(:network::text)
where case when not exists (select from consents where contact_id = :contact_id and channel = :channel) then true
           when num_nonnulls(:text::text, :page::text) = 0 then false
           else (select granted from consents where contact_id = :contact_id and channel = :channel order by id desc limit 1)
                and not exists (
                    select from consents
                    where contact_id = :contact_id and channel = :channel and granted and purpose = :purpose
                      and text is not distinct from :text and page is not distinct from :page)
                and :most > (select count(*) from consents where contact_id = :contact_id and channel = :channel) end;

-- name: set_language
-- Of a sign-up: anyone can fill in a form, so what is known already stays.
update contacts set attributes = attributes || jsonb_build_object('language', :language::text)
where id = :contact_id and attributes ->> 'language' is null;

-- name: has_confirmed
-- Whoever reads the mail of their address has said yes, and nobody has said no since.
select coalesce((select granted from consents where contact_id = :contact_id and channel = :channel order by id desc limit 1), false)
   and exists (
       select from consents c
       where c.contact_id = :contact_id and c.channel = :channel and c.confirmed
         and c.id > coalesce((select max(id) from consents where contact_id = :contact_id and channel = :channel and not granted), 0));

-- name: ask_first
-- The place just given to them counts once they say yes.
with asked as (
    insert into confirmations (journey_id, token, source, purpose, text, page, network_digest, ends_at)
    select id, :token, :source, :purpose, :text::text, :page::text, new_digest(:network::text),
           least(now() + :within::interval, window_ends_at)
    from journeys where id = :journey_id
)
update waiting set passed_over_for = 'not_confirmed' where journey_id = :journey_id;
