-- Every query of the secrets that webhooks are verified by.

-- name: webhook_secrets
select c.source, s.store_id, s.sealed
from store_secrets s join connections c using (store_id)
where s.purpose = 'webhook' and (s.ends_at is null or s.ends_at > now())
order by s.id;
