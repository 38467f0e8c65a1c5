-- Every query of previews: what a message shows of one contact and one product.

-- name: attributes
select attributes from contacts where id = :contact_id and erased_at is null;

-- name: product
-- A product, with one of its variants if one is asked for.
select st.source as store_source, coalesce(st.name, st.id) as shop_name, coalesce(st.url, 'https://' || st.id) as shop_url,
       st.currency, p.product_id, p.title, p.page_url, p.handle, p.image_url, v.variant_id, v.title as variant_title, v.sku, v.price
from stores st
join products p on p.store_id = st.id
left join variants v on v.store_id = p.store_id and v.product_id = p.product_id and v.variant_id = :variant_id
where st.id = :store_id and (:product_id::text is null or p.product_id = :product_id)
  and (:variant_id::text is null or v.variant_id is not null)
limit 1;

-- name: refused
-- Whether an address is suppressed, or was and its contact is erased; or the newest word of whoever has it is a no.
select exists (select from suppressions where channel = :channel and address = :address)
    or exists (select from kept_refusals where channel = :channel and digest in (select digests(:address)))
    or exists (select from contacts c where :address in (c.email, c.phone)
               and not (select granted from consents where contact_id = c.id and channel = :channel order by id desc limit 1));

-- name: digest_of
select encode(new_digest(:address), 'hex');
