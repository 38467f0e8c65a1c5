-- The alert suite: subjects of both levels, price drops and low inventory, events and orders, pauses, reminders.

-- Subjects: a variant or a whole product, in one key ('variant/123', 'product/7') -----------------------------------

alter table journeys add column subject text, add column product_id text,
    -- Asked to leave, and why: no message leaves any more, whether the workflow has heard of it or not.
    add column leaving text;
update journeys j set subject = 'variant/' || variant_id,
    product_id = (select product_id from variants v where v.store_id = j.store_id and v.variant_id = j.variant_id);
alter table journeys alter column subject set not null, alter column product_id set not null,
    add foreign key (store_id, product_id) references products, drop column variant_id;
create index journeys_by_subject on journeys (store_id, subject, entered_at desc);
alter table journeys drop constraint journeys_ending_check,
    add constraint journeys_ending_check check (ending in ('completed', 'expired', 'exited', 'discontinued'));

drop index waiting_once, waiting_line;
alter table waiting add column subject text;
update waiting set subject = 'variant/' || variant_id;
alter table waiting alter column subject set not null, drop column variant_id;
alter table waiting
    -- Price drop: told when the price is at most this. Low inventory: when the quantity is. Null: back in stock.
    add column trigger_at numeric(18, 4),
    -- Low inventory: the quantity was above the trigger since they entered, so that a fall to it is a crossing.
    add column armed boolean not null default true,
    add column currency text;
create unique index waiting_once on waiting (alert_id, contact_id, store_id, subject)
    where state in ('waiting', 'claimed');
create index waiting_line on waiting (alert_id, store_id, subject, entered_at, place) where state = 'waiting';
create index waiting_trigger on waiting (alert_id, store_id, subject, trigger_at)
    where state = 'waiting' and trigger_at is not null;
create index waiting_subject on waiting (store_id, subject) where state in ('waiting', 'claimed');

drop index one_open_episode, episodes_by_subject;
alter table episodes add column subject text;
update episodes set subject = 'variant/' || variant_id;
alter table episodes alter column subject set not null, drop column variant_id;
alter table episodes
    alter column contacts_per_unit drop not null,
    -- What triggers are compared with: the price now (price drop) or the quantity now (low inventory).
    add column measure numeric(18, 4);
comment on column episodes.contacts_per_unit is 'null: everyone is told';
create unique index one_open_episode on episodes (alert_id, store_id, subject) where closed_at is null;
create index episodes_by_subject on episodes (store_id, subject) where closed_at is null;

alter table claims add column lapses_at timestamptz, add column lapsed_reason text;
create index claims_lapsing on claims (lapses_at) where lapses_at is not null and state = 'used';
create index claims_by_journey on claims (journey_id, id desc);

alter table outbox drop constraint outbox_check, drop constraint outbox_check1, drop constraint outbox_check2,
    drop constraint outbox_kind_check;
alter table outbox add column subject text, add column message text;
update outbox set subject = 'variant/' || variant_id where variant_id is not null;
alter table outbox drop column variant_id,
    add check (kind in ('start_journey', 'look_again', 'leave', 'say')),
    add check ((kind = 'look_again') = (journey_id is null)),
    add check ((kind = 'look_again') = (store_id is not null and subject is not null)),
    add check ((kind = 'leave') = (reason is not null)),
    add check ((kind = 'say') = (message is not null));

-- What alerts may say now ------------------------------------------------------------------------------------------

alter table stores add column currency text;
alter table products
    add column vendor text,
    add column tags text[] not null default '{}',
    add column collections text[] not null default '{}',
    add column discontinued_at timestamptz;
alter table variants add column price_observed_at timestamptz;

alter table lists add column locations text[], add column currency text, add column sender text;
comment on column lists.locations is 'null: every location counts';

drop index one_action_per_type_and_list;
alter table alerts drop constraint alerts_type_check, drop constraint alerts_action_check,
    alter column contacts_per_unit drop not null;
alter table alerts
    add column name text,
    add column level text not null default 'variant' check (level in ('variant', 'product')),
    add column newest_first boolean not null default false,
    add column drop_amount numeric(18, 4) check (drop_amount > 0),
    add column drop_percent numeric(7, 4) check (drop_percent > 0 and drop_percent <= 100),
    add column low_at bigint check (low_at > 0),
    add column not_if_bought_days integer check (not_if_bought_days > 0),
    add column offer_hours integer check (offer_hours > 0),
    add column triggers jsonb,
    add column profile jsonb,
    -- Whether any message behind it is live: nobody is enlisted while all are drafts.
    add column live boolean not null default true,
    add column paused_at timestamptz,
    add check (type in ('back-in-stock', 'price-drop', 'low-inventory')),
    add check (case type when 'back-in-stock' then action in ('sign-up', 'browse') else action in ('browse', 'cart') end),
    add check ((type = 'price-drop') = (num_nonnulls(drop_amount, drop_percent) = 1)),
    add check ((type = 'low-inventory') = (low_at is not null)),
    add check (type = 'back-in-stock' or contacts_per_unit is null);
comment on column alerts.contacts_per_unit is 'null: everyone is told';
create unique index one_action_per_type_and_list on alerts (list_code, type, action) where not retired;
alter table conversations add column paused_at timestamptz;

-- What contacts did ------------------------------------------------------------------------------------------------

alter table contacts add column attributes jsonb not null default '{}';

create table events (
    store_id    text not null references stores,
    id          text not null,
    kind        text not null check (kind in ('viewed_product', 'added_to_cart', 'checkout_started', 'ordered', 'custom')),
    name        text,
    contact_id  text not null references contacts,
    product_id  text,
    variant_id  text,
    quantity    bigint,
    happened_at timestamptz not null,
    received_at timestamptz not null default now(),
    properties  jsonb not null default '{}',
    primary key (store_id, id),
    check ((kind = 'custom') = (name is not null))
);
create index events_by_contact on events (contact_id, happened_at desc);
create index events_by_product on events (store_id, product_id, kind, happened_at);

-- One row per order and product: what "bought it already" means.
create table orders (
    store_id   text not null references stores,
    order_id   text not null,
    contact_id text not null references contacts,
    product_id text not null,
    variant_id text not null default '',
    quantity   bigint not null default 1,
    ordered_at timestamptz not null,
    cancelled  boolean not null default false,
    primary key (store_id, order_id, product_id, variant_id)
);
create index orders_by_contact on orders (contact_id, store_id, product_id, ordered_at desc) where not cancelled;
create index orders_by_product on orders (store_id, product_id, ordered_at) where not cancelled;

create table reconciliations (
    id          bigint generated always as identity primary key,
    started_at  timestamptz not null default now(),
    finished_at timestamptz,
    report      jsonb
);

create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    actor   text not null,
    action  text not null,
    details jsonb not null default '{}'
);
create trigger audit_is_append_only before update or delete on audit for each row execute function refuse_change();
