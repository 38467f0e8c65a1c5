-- The spine: storefront facts, conversations, journeys, the waiting list, episodes and claims, the ledger, inbox and outbox.
-- The rules that must hold are constraints here first.

-- What storefronts told us -------------------------------------------------------------------------------------

create table stores (
    id         text primary key check (id <> '' and length(id) <= 255),
    source     text not null,
    -- How shoppers know the shop; null: its id, and https:// before it.
    name       text,
    url        text,
    created_at timestamptz not null default now()
);

create table products (
    store_id    text not null references stores,
    product_id  text not null,
    title       text not null,
    handle      text,
    image_url   text,
    on_sale     boolean not null,
    observed_at timestamptz not null,
    primary key (store_id, product_id)
);

create table variants (
    store_id          text not null,
    variant_id        text not null,
    product_id        text not null,
    inventory_item_id text,
    title             text not null,
    sku               text,
    price             numeric(18, 4),
    policy            text not null check (policy in ('deny', 'continue')),
    tracked           boolean,
    removed           boolean not null default false,
    -- Units the product message told of that no known location accounts for (activities/waitlist/quantities.py).
    elsewhere         bigint not null default 0,
    total_observed_at timestamptz,
    primary key (store_id, variant_id),
    foreign key (store_id, product_id) references products
);
create index variants_by_item on variants (store_id, inventory_item_id) where inventory_item_id is not null;
create index variants_by_product on variants (store_id, product_id);

create table stock (
    store_id          text not null references stores,
    inventory_item_id text not null,
    location_id       text not null,
    available         bigint,
    observed_at       timestamptz not null,
    primary key (store_id, inventory_item_id, location_id)
);
comment on column stock.available is 'null: the storefront does not count units here';

-- Conversations ------------------------------------------------------------------------------------------------

create table lists (
    code        text primary key,
    name        text not null,
    time_zone   text not null,
    quiet_from  time,
    quiet_until time,
    check ((quiet_from is null) = (quiet_until is null))
);

create table conversations (
    code       text primary key,
    name       text not null,
    published  text
);

create table versions (
    id           text primary key,
    conversation text not null references conversations,
    number       integer not null check (number > 0),
    content_hash text not null,
    document     jsonb not null,
    program      jsonb not null,
    published_at timestamptz not null default now(),
    unique (conversation, number),
    unique (conversation, content_hash)
);
alter table conversations add foreign key (published) references versions;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% rows are never changed: publish a new version', tg_table_name;
end $$;
create trigger versions_are_immutable before update or delete on versions
    for each row execute function refuse_change();

create table alerts (
    id                 text primary key,
    list_code          text not null references lists,
    conversation       text not null references conversations,
    type               text not null check (type in ('back-in-stock')),
    action             text not null check (action in ('sign-up')),
    quantity_threshold bigint not null check (quantity_threshold > 0),
    contacts_per_unit  bigint not null check (contacts_per_unit > 0),
    window_days        integer not null check (window_days > 0),
    retired            boolean not null default false
);
create unique index one_action_per_type_and_list on alerts (list_code, type, action) where not retired;

-- Contacts -----------------------------------------------------------------------------------------------------

create table contacts (
    id         text primary key,
    email      text unique check (email = lower(email)),
    created_at timestamptz not null default now(),
    erased_at  timestamptz,
    check ((email is null) = (erased_at is not null))
);

create table consents (
    id         bigint generated always as identity primary key,
    contact_id text not null references contacts,
    channel    text not null check (channel <> ''),
    granted    boolean not null,
    source     text not null,
    given_at   timestamptz not null default now()
);
create index consents_latest on consents (contact_id, channel, id desc);
create trigger consents_are_append_only before update or delete on consents
    for each row execute function refuse_change();

create table suppressions (
    channel       text not null check (channel <> ''),
    address       text not null check (address = lower(address)),
    reason        text not null,
    suppressed_at timestamptz not null default now(),
    primary key (channel, address)
);

-- Journeys and the waiting list --------------------------------------------------------------------------------

create table journeys (
    id             text primary key,
    contact_id     text not null references contacts,
    store_id       text not null,
    variant_id     text not null,
    alert_id       text not null references alerts,
    version_id     text not null references versions,
    entered_at     timestamptz not null,
    window_ends_at timestamptz not null check (window_ends_at > entered_at),
    told_at        timestamptz,
    ended_at       timestamptz,
    ending         text check (ending in ('completed', 'expired', 'exited')),
    reason         text,
    foreign key (store_id, variant_id) references variants,
    check ((ended_at is null) = (ending is null))
);
create index journeys_newest on journeys (entered_at desc, id desc);
create index journeys_by_contact on journeys (contact_id, entered_at desc);
create index journeys_by_subject on journeys (store_id, variant_id, entered_at desc);

create table waiting (
    place      bigint generated always as identity primary key,
    journey_id text not null unique references journeys,
    alert_id   text not null references alerts,
    contact_id text not null references contacts,
    store_id   text not null,
    variant_id text not null,
    entered_at timestamptz not null,
    state      text not null default 'waiting' check (state in ('waiting', 'claimed', 'told', 'left')),
    reason     text,
    foreign key (store_id, variant_id) references variants,
    check ((state = 'left') = (reason is not null))
);
create unique index waiting_once on waiting (alert_id, contact_id, store_id, variant_id)
    where state in ('waiting', 'claimed');
create index waiting_line on waiting (alert_id, store_id, variant_id, entered_at, place) where state = 'waiting';

create table episodes (
    id                bigint generated always as identity primary key,
    alert_id          text not null references alerts,
    store_id          text not null,
    variant_id        text not null,
    contacts_per_unit bigint not null check (contacts_per_unit > 0),
    available         bigint not null check (available >= 0),
    arrived           bigint not null check (arrived > 0),
    -- Claims that count: given and used. Kept by claims_are_counted, bounded by promise P2.
    claimed           bigint not null default 0 check (claimed >= 0),
    opened_at         timestamptz not null default now(),
    closed_at         timestamptz,
    constraint p2_claims_never_exceed_what_arrived check (claimed <= contacts_per_unit * arrived),
    check (available <= arrived),
    foreign key (store_id, variant_id) references variants
);
create unique index one_open_episode on episodes (alert_id, store_id, variant_id) where closed_at is null;
create index episodes_by_subject on episodes (store_id, variant_id) where closed_at is null;

create table claims (
    id         bigint generated always as identity primary key,
    episode_id bigint not null references episodes,
    journey_id text not null references journeys,
    state      text not null default 'given' check (state in ('given', 'used', 'returned', 'refused', 'lapsed')),
    given_at   timestamptz not null default now(),
    called_at  timestamptz,
    settled_at timestamptz,
    check ((state = 'given') = (settled_at is null))
);
create unique index one_claim_at_a_time on claims (journey_id) where state = 'given';
create index claims_by_episode on claims (episode_id);
create index claims_to_call on claims (episode_id, id) where called_at is null and state = 'given';

create function count_claims() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        update episodes set claimed = claimed + new_counts.n
        from (select episode_id, count(*) as n from new_rows where state in ('given', 'used') group by 1) new_counts
        where id = new_counts.episode_id;
    else
        update episodes set claimed = claimed + changes.n
        from (
            select episode_id, sum(n) as n from (
                select episode_id, 1 as n from new_rows where state in ('given', 'used')
                union all
                select episode_id, -1 from old_rows where state in ('given', 'used')
            ) both_sides group by 1 having sum(n) <> 0
        ) changes
        where id = changes.episode_id;
    end if;
    return null;
end $$;
create trigger claims_are_counted_when_given after insert on claims
    referencing new table as new_rows for each statement execute function count_claims();
create trigger claims_are_counted_when_settled after update on claims
    referencing old table as old_rows new table as new_rows for each statement execute function count_claims();

-- The ledger (promise P1) --------------------------------------------------------------------------------------

create table sends (
    -- Made of journey, step and round, so that it says all three once. No second unique index may say it again:
    -- two attempts at once could meet there, where `on conflict (key)` does not look.
    key         text primary key check (key = journey_id || '/' || step || '/' || round),
    journey_id  text not null references journeys,
    step        text not null,
    round       integer not null,
    message     text not null,
    state       text not null check (state in ('ready', 'sending', 'sent', 'refused', 'unknown')),
    attempts    integer not null default 0,
    lease_until timestamptz,
    outcome     jsonb,
    opened_at   timestamptz not null default now(),
    settled_at  timestamptz,
    check ((state = 'sending') = (lease_until is not null)),
    check ((state in ('sent', 'refused', 'unknown')) = (settled_at is not null)),
    check ((settled_at is null) = (outcome is null))
);
create index sends_by_journey on sends (journey_id);
create index sends_newest on sends (settled_at desc) where settled_at is not null;

-- In and out ---------------------------------------------------------------------------------------------------

create table inbox (
    id          bigint generated always as identity primary key,
    store_id    text not null,
    source      text not null,
    topic       text not null,
    key         text not null,
    state       text not null check (state in ('applied', 'ignored', 'malformed')),
    error       text,
    body        bytea,
    received_at timestamptz not null default now(),
    unique (source, store_id, key),
    check ((state = 'malformed') = (error is not null))
);
create index inbox_oldest on inbox (received_at);

create table outbox (
    id         bigint generated always as identity primary key,
    kind       text not null check (kind in ('start_journey', 'look_again', 'leave')),
    journey_id text references journeys,
    store_id   text,
    variant_id text,
    reason     text,
    created_at timestamptz not null default now(),
    attempts   integer not null default 0,
    next_at    timestamptz not null default now(),
    last_error text,
    parked_at  timestamptz,
    check ((kind = 'look_again') = (journey_id is null)),
    check ((kind = 'look_again') = (store_id is not null and variant_id is not null)),
    check ((kind = 'leave') = (reason is not null))
);
create index outbox_due on outbox (next_at, id) where parked_at is null;
create index outbox_by_journey on outbox (journey_id) where journey_id is not null;

create function wake_dispatcher() returns trigger language plpgsql as $$
begin
    perform pg_notify('shelftalk_outbox', '');
    return null;
end $$;
create trigger outbox_wakes_the_dispatcher after insert on outbox
    for each statement execute function wake_dispatcher();

create table api_keys (
    name       text primary key,
    hash       bytea not null unique,
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);
