-- Every query of what those in a line would wait for elsewhere.

-- name: target
-- The product of what they are to wait for.
select product_of(:store_id, :subject) as product_id, is_gone(:store_id, :subject) as gone, currency from stores where id = :store_id;

-- name: lines
-- The alerts by which somebody waits for the subject, with what decides about waiting for another.
select a.id, a.action, a.section, a.measure, a.quantity_threshold, a.contacts_per_unit, a.units_per_contact, l.locations, l.currency,
       a.paused_at is not null or c.paused_at is not null as paused
from alerts a join lists l on l.code = a.list_code join conversations c on c.code = a.conversation
where is_waited_for(:store_id, :subject, a.id) and (:alert_id::text is null or a.id = :alert_id)
order by a.id;

-- name: successor_of_gone
select successor_of(:store_id, :subject) where is_gone(:store_id, :subject);
