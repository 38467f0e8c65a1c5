-- Every query of finding contacts, and of what support sees of one.

-- name: by_email
-- By how their address begins, within two bounds that the index knows.
select c.id, c.email, c.phone, c.phone_lent, c.created_at, c.erased_at, (
    select count(*) from journeys j
    where j.contact_id = c.id and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores))) as under_way
from contacts c
where c.email ~>=~ :begins and c.email ~<~ :ends and c.email ~>~ :after and is_of(c.id, :stores)
order by c.email using ~<~
limit :most;

-- name: by_phone
select c.id, c.email, c.phone, c.phone_lent, c.created_at, c.erased_at, (
    select count(*) from journeys j
    where j.contact_id = c.id and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores))) as under_way
from contacts c
where c.phone ~>=~ :begins and c.phone ~<~ :ends and c.phone ~>~ :after and is_of(c.id, :stores)
order by c.phone using ~<~
limit :most;

-- name: by_id
select c.id, c.email, c.phone, c.phone_lent, c.created_at, c.erased_at, (
    select count(*) from journeys j
    where j.contact_id = c.id and j.ended_at is null and (:stores::text[] is null or j.store_id = any(:stores))) as under_way
from contacts c
where c.id = :contact_id and is_of(c.id, :stores);
