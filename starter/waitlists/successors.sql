-- Every query of naming what succeeds a variant or product.

-- name: known
select is_known(:store_id, :subject);

-- name: set
insert into successors (store_id, subject, successor, named_by) values (:store_id, :subject, :successor, :named_by)
on conflict (store_id, subject) do update set successor = excluded.successor, named_by = excluded.named_by, named_at = clock_timestamp();

-- name: clear
delete from successors where store_id = :store_id and subject = :subject returning successor;

-- name: ask_to_look
-- At what is gone already, and waited for still.
insert into outbox (kind, store_id, subject)
select 'look_again', :store_id, s.subject
from (
    select :subject::text as subject
    union
    select 'variant/' || variant_id from variants where store_id = :store_id and :subject = 'product/' || product_id
) s
where is_gone(:store_id, s.subject) and is_waited_for(:store_id, s.subject);

-- name: named
-- Those of a store, or of one subject; `without`: of a product, its variants that no variant of the successor is like, while it is
-- there to be asked.
select s.store_id, s.subject, s.successor, s.named_by, s.named_at, is_gone(s.store_id, s.subject) as gone,
       is_gone(s.store_id, s.successor) as successor_gone,
       array(select v.variant_id from variants v
             where s.subject = 'product/' || v.product_id and v.store_id = s.store_id and not v.removed
               and successor_of(v.store_id, 'variant/' || v.variant_id) is null
             order by v.variant_id limit :most) as without
from successors s
where s.store_id = :store_id and (:subject::text is null or s.subject = :subject)
order by s.subject limit :most;
