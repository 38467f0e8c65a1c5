-- Those who enter late: by import, or for what they did before the alert was at work.

-- Whether they are entered, and told at once, when their product is in stock.
alter table alerts add column tells_late boolean not null default false;

-- They are not sent the confirmation of a sign-up that lies long back.
alter table journeys add column late boolean not null default false;

create index waiting_by_contact on waiting (contact_id, alert_id);
create index episodes_in_time on episodes (store_id, subject, opened_at);
-- Back-population reads what was done since a day.
create index events_by_time on events (kind, happened_at);
