-- Every query of making stores.

-- name: add_store
insert into stores (id, source) values (:store_id, :source) on conflict (id) do nothing returning id;

-- name: claim_store
-- Apart from the query above, which locks no row that is there: the deliveries of one store are applied side by side.
update stores set source = :source where id = :store_id and source = 'api' and :source <> 'api';

-- name: known_store
select id from stores where id = :store_id;

-- name: only_others_know
with known as (
    select store_id from journeys where contact_id = :contact_id
    union select store_id from events where contact_id = :contact_id
    union select store_id from orders where contact_id = :contact_id
)
select exists (select from known) and not exists (select from known where store_id = any(:stores::text[]));
