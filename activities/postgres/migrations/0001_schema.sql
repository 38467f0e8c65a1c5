-- The whole schema, room by room: what the shop is, who its contacts are, what is said to them, what they did, their
-- journeys, places and messages, and how the processes hand work to each other. The rules that must hold are constraints
-- here first.

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% rows are never changed: publish a new version', tg_table_name;
end $$;

-- Shops: what storefronts told of themselves --------------------------------------------------------------------------

-- One row per shop that told of anything.
create table stores (
    id         text primary key check (id <> '' and length(id) <= 255 and id !~ '[[:cntrl:]]'),
    source     text not null,
    -- How shoppers know the shop; null: its id, and https:// before it.
    name       text,
    -- Addresses of product pages are made from it.
    url        text check (url !~ '[?#]'),
    -- What its prices are in, as its storefront or somebody by hand told last; both null: nobody did.
    currency   text check (currency ~ '^[A-Z]{3}$'),
    currency_observed_at timestamptz,
    -- Its cap on what one contact gets of it on each channel, by whatever list; both null: there is none. See turn_of.
    cap_messages integer check (cap_messages > 0),
    cap_length   interval check (cap_length > '0'),
    created_at timestamptz not null default now(),
    -- When its storefront sent something last, and when it was found to have fallen silent since; null: it is not.
    heard_at   timestamptz,
    silent_at  timestamptz,
    check (silent_at is null or (heard_at is not null and silent_at > heard_at)),
    check ((currency is null) = (currency_observed_at is null)),
    check ((cap_messages is null) = (cap_length is null))
);

-- How much each storefront sent on each of its last days (UTC), and the longest pause that ended on it. Kept by
-- activities/intake/silence.sql, which reads each delivery once, after it was taken.
create table store_days (
    store_id      text not null references stores,
    day           date not null,
    deliveries    bigint not null check (deliveries > 0),
    longest_pause interval not null check (longest_pause >= '0'),
    primary key (store_id, day)
);

-- For how long a store may be silent: three times the longest of its usual pauses, but an hour at least. Usual is what
-- happened twice: the longest pause of two weeks is left out, which may have been a failure. Null: there is too little
-- to tell, for it is heard for less than two weeks, or on less than half of their days.
create function longest_silence(store text) returns interval language sql stable as $$
    select case when min(d.day) <= today.day - 14 and count(*) filter (where d.day > today.day - 14) >= 7 then
        greatest(interval '1 hour', 3 * (
            array_agg(longest_pause order by longest_pause desc) filter (where d.day > today.day - 14))[2]) end
    from store_days d, (select (now() at time zone 'UTC')::date) today (day)
    where store_id = store
    group by today.day
$$;

-- Products as the storefront last told of them.
create table products (
    store_id        text not null references stores,
    product_id      text not null,
    title           text not null,
    handle          text,
    -- Where the shop itself shows it; null: made from its front page and the handle.
    page_url        text,
    image_url       text,
    vendor          text,
    tags            text[] not null default '{}',
    collections     text[] not null default '{}',
    on_sale         boolean not null,
    discontinued_at timestamptz,
    -- By the shop's clock.
    observed_at     timestamptz not null,
    -- By ours: when this was written, and since when it was being asked for; null: the shop told it by itself.
    heard_at        timestamptz not null default clock_timestamp(),
    asked_at        timestamptz,
    primary key (store_id, product_id)
);

-- Variants of products, with their prices.
create table variants (
    store_id          text not null,
    variant_id        text not null,
    product_id        text not null,
    inventory_item_id text,
    -- Whose units it sells: variants of one inventory item sell the same ones.
    stock_item        text not null generated always as (coalesce(inventory_item_id, 'by-variant-' || variant_id)) stored,
    title             text not null,
    sku               text,
    price             numeric(18, 4),
    -- Since when it has cost nothing, while that may be a glitch and does not count; null: the price counts.
    zero_since     timestamptz,
    -- By the storefront's clock, of the message that named it last.
    told_at           timestamptz,
    policy            text not null check (policy in ('deny', 'continue')),
    tracked           boolean,
    removed           boolean not null default false,
    -- Units the product message told of that no known location accounts for (activities/stock/quantities.py).
    elsewhere         bigint not null default 0,
    total_observed_at timestamptz,
    primary key (variant_id, store_id),
    foreign key (store_id, product_id) references products,
    check (zero_since is null or price = 0)
);
create index variants_doubted on variants (zero_since) where zero_since is not null;
-- What tells variants apart comes first in every index: while there are few, PostgreSQL takes all indexes to be as good, and
-- sessions keep such a plan when there are thousands. By the store alone it would read all of them for one.
create index variants_by_item on variants (stock_item, store_id, product_id);
create index variants_by_product on variants (product_id, store_id);

-- Other products whose newest message names a variant too: one that it moved away from, or that claims its id for
-- another thing.
create table variants_named_twice (
    store_id   text not null,
    product_id text not null,
    variant_id text not null,
    -- The storefront stands by both: it named them in turn, or their SKUs or inventory items differ.
    contested  boolean not null,
    since      timestamptz not null default now(),
    primary key (store_id, product_id, variant_id),
    foreign key (store_id, variant_id) references variants (store_id, variant_id)
);
create index variants_named_twice_by_variant on variants_named_twice (store_id, variant_id);

-- What all variants of a product offer together at the locations that count (null: all), as of the last look at it whole and
-- the levels since; kept under the product's row lock, so that a level of one of thousands need not read the others.
create table product_sums (
    store_id    text not null,
    product_id  text not null,
    locations   text[],
    units       bigint not null check (units >= 0),
    -- How many variants can be bought whatever their units.
    open_ended  bigint not null check (open_ended >= 0),
    -- What those cost that can be bought, and at the same place of `buyable` how many do.
    prices      numeric(18, 4)[] not null,
    buyable     bigint[] not null check (0 < all (buyable)),
    foreign key (store_id, product_id) references products,
    check (cardinality(prices) = cardinality(buyable))
);
create index product_sums_by_product on product_sums (store_id, product_id);

-- Units of an inventory item at each location.
create table stock (
    store_id          text not null references stores,
    inventory_item_id text not null,
    location_id       text not null,
    available         bigint,
    -- These three as in `products`.
    observed_at       timestamptz not null,
    heard_at          timestamptz not null default clock_timestamp(),
    asked_at          timestamptz,
    primary key (store_id, inventory_item_id, location_id)
);
comment on column stock.available is 'null: the storefront does not count units here';

-- Units of an item now, at these locations (null: all); oversold is none.
create function units_at(store text, whose text, locations text[]) returns bigint language sql stable as $$
    select greatest(0,
        (select coalesce(sum(s.available), 0)::bigint from stock s
         where s.store_id = store and s.inventory_item_id = whose and (locations is null or s.location_id = any(locations)))
        -- What a total told beyond the levels: the newest total of all variants that sell the item holds.
        + case when locations is null then coalesce(
            (select v.elsewhere from variants v where v.store_id = store and v.stock_item = whose
             order by v.removed, v.total_observed_at desc nulls last, v.variant_id limit 1), 0) else 0 end)
$$;

-- Authoring: lists, conversations and their versions ------------------------------------------------------------------

-- Whom conversations speak to: time zone, quiet hours, and which locations count.
create table lists (
    code        text primary key,
    name        text not null,
    -- Everyone enters only in these stores; null: in all.
    stores      text[] check (cardinality(stores) > 0),
    -- Only sign-ups that name the list enter it.
    only_by_name boolean not null default false,
    time_zone   text not null,
    quiet_from  time,
    quiet_until time,
    locations   text[],
    currency    text check (currency ~ '^[A-Z]{3}$'),
    -- Whose phone numbers may be written as people there write them; null: all are written with the country's code.
    country     text check (country ~ '^[A-Z]{2}$'),
    sender      text,
    -- Its cap: a message of it is put off while so many went to the contact in this time. Both null: there is none.
    cap_messages integer check (cap_messages > 0),
    cap_length   interval check (cap_length > '0'),
    -- For how long an alert's message waits for what else comes back for the same person, to be told in one. Null: it does not.
    together_within interval check (together_within > '0'),
    -- Within how many days orders are credited to its messages; null, and what is null in it: as the
    -- installation has it.
    attribution  jsonb,
    -- Whether links of its messages lead through us; and whose opens are known: of those who are in these countries.
    track_clicks boolean not null default false,
    track_opens_in text[] check (cardinality(track_opens_in) > 0),
    -- A line of it is told of as long once so many wait in it. Null: none is.
    tell_when_waiting bigint check (tell_when_waiting > 0),
    check ((quiet_from is null) = (quiet_until is null)),
    check ((cap_messages is null) = (cap_length is null))
);
comment on column lists.locations is 'null: every location counts';

-- Whether a list of these stores is for this one.
create function is_for(stores text[], store text) returns boolean language sql immutable as $$
    select stores is null or store = any(stores)
$$;

-- Conversations, and which version of each is published.
create table conversations (
    code      text primary key,
    name      text not null,
    published text,
    paused_at timestamptz,
    -- An alert of another conversation is one of this, or the other way round, since it was retired there.
    alert_taken_over boolean not null default false
);

-- Every version that was ever published, as written and as compiled.
create table versions (
    id           text primary key,
    conversation text not null references conversations,
    number       integer not null check (number > 0),
    content_hash text not null,
    document     jsonb not null,
    -- As it was written, comments and all.
    source       text,
    program      jsonb not null,
    -- The compiled criteria that stand beside the program.
    criteria     jsonb not null default '{}',
    -- The messages as they are filled in and sent, compiled once; see schemas/document/compiled_message.py.
    messages     jsonb not null default '{}',
    -- Asked for with every message, where reading the whole document would cost more than the rest.
    experiment   jsonb generated always as (nullif(document -> 'experiment', 'null')) stored,
    published_at timestamptz not null default now(),
    published_by text,
    unique (conversation, number),
    unique (conversation, content_hash)
);
alter table conversations add foreign key (published) references versions;
create trigger versions_are_immutable before update or delete on versions
    for each row execute function refuse_change();

-- What is worked on: at most one saved draft per conversation.
create table working_versions (
    conversation text primary key references conversations,
    -- As it was written, comments and all.
    source       text not null check (length(source) <= 262144),
    document     jsonb not null,
    content_hash text not null,
    saved_at     timestamptz not null default now(),
    saved_by     text not null,
    -- Which of its revisions it is.
    revision     integer not null default 1 check (revision > 0)
);

-- What a working version said before, and what it said until somebody undid it: the latest of each.
create table working_revisions (
    conversation text not null references working_versions on delete cascade,
    number       integer not null check (number > 0),
    source       text not null check (length(source) <= 262144),
    document     jsonb not null,
    content_hash text not null,
    saved_at     timestamptz not null,
    saved_by     text not null,
    primary key (conversation, number)
);

-- Every publishing, of a new version or of a past one again.
create table publications (
    id           bigint generated always as identity primary key,
    conversation text not null references conversations,
    version_id   text not null references versions,
    published_at timestamptz not null default now(),
    published_by text not null,
    note         text
);
create index publications_latest on publications (conversation, id desc);
create trigger publications_are_append_only before update or delete on publications
    for each row execute function refuse_change();

-- Contact events that enter a published conversation without an alert.
create table entry_triggers (
    event        text not null,
    conversation text not null references conversations,
    primary key (event, conversation)
);

-- Alerts of published conversations. Retired ones stay for the journeys that began on them.
create table alerts (
    id                 text primary key,
    list_code          text not null references lists,
    conversation       text not null references conversations,
    name               text,
    type               text not null,
    -- What its triggers are compared with: nothing (it is told of units), the price or the quantity.
    measure            text not null check (measure in ('nothing', 'price', 'quantity')),
    action             text not null,
    level              text not null default 'variant' check (level in ('variant', 'product')),
    quantity_threshold bigint not null check (quantity_threshold > 0),
    contacts_per_unit  bigint check (contacts_per_unit > 0),
    units_per_contact  bigint not null default 1 check (units_per_contact > 0),
    window_days        integer not null check (window_days > 0),
    newest_first       boolean not null default false,
    not_if_bought_days integer check (not_if_bought_days > 0),
    offer_hours        integer check (offer_hours > 0),
    -- Who was told and did not buy is told so many times more. Null: told once.
    stay_until_bought  integer check (stay_until_bought > 0),
    triggers           jsonb,
    profile            jsonb,
    -- What the document says of it, without its filters: what only one type has needs no column of its own.
    section            jsonb not null,
    -- Whether any message behind it is live: nobody is enlisted while all are drafts.
    live               boolean not null default true,
    paused_at          timestamptz,
    retired            boolean not null default false,
    check (case measure when 'nothing' then action in ('sign-up', 'browse') else action in ('browse', 'cart') end),
    check (measure = 'nothing' or contacts_per_unit is null),
    check (stay_until_bought is null or (measure = 'nothing' and not newest_first)),
    -- Several contacts share a unit, or each gets several.
    check (units_per_contact = 1 or contacts_per_unit is not distinct from 1)
);
comment on column alerts.contacts_per_unit is 'null: everyone is told';
-- Whoever looked at a thing and carted it is in two lists, never in two lines of one.
create unique index one_alert_per_type_and_list on alerts (list_code, type) where not retired;

-- Contacts -----------------------------------------------------------------------------------------------------------

-- The mailbox that an address reaches, as far as the address says so, for counting only: `+tag` is the owner's own, and Gmail
-- passes over dots. Whoever owns one mailbox has any number of such addresses.
create function mailbox_of(email text) returns text language sql immutable as $$
    select case when domain in ('gmail.com', 'googlemail.com') then replace(owner, '.', '') || '@gmail.com'
                else owner || '@' || domain end
    from (select coalesce(nullif(split_part(local, '+', 1), ''), local) as owner, domain
          from (select regexp_replace(email, '@[^@]*$', '') as local, substring(email from '[^@]*$') as domain) parts) folded
$$;

-- One row per person, in all shops. Without any address: erased.
create table contacts (
    id            text primary key,
    email         text unique check (email = lower(email)),
    -- In E.164.
    phone         text unique check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    -- Somebody typed it beside the e-mail address: text messages about what they wait for go to it, and it names nobody. Whoever
    -- comes with it alone, or whom the shop says it is, takes it with them.
    phone_lent    boolean not null default false check (not phone_lent or num_nonnulls(email, phone) = 2),
    mailbox       text generated always as (coalesce(mailbox_of(email), phone)) stored,
    attributes    jsonb not null default '{}',
    -- When the newest of the attributes was told, by the teller's clock.
    attributes_at timestamptz,
    created_at    timestamptz not null default now(),
    erased_at     timestamptz,
    -- They asked for no messages until then; their places stay theirs.
    paused_until  timestamptz,
    check ((num_nonnulls(email, phone) = 0) = (erased_at is not null))
);
create index contacts_paused on contacts (paused_until) where paused_until is not null;

-- Which address each channel has, said here alone: where a contact is reached on a channel (null: not at all), on which
-- channels, and what an address is for.
create function address_on(channel text, email text, phone text) returns text language sql immutable as $$
    select case channel when 'email' then email when 'sms' then phone end
$$;
create function addresses_of(email text, phone text) returns table (channel text, address text) language sql immutable as $$
    select channel, address from (values ('email', email), ('sms', phone)) each (channel, address) where address is not null
$$;
create function channel_of(address text) returns text language sql immutable as $$
    select case when address like '%@%' then 'email' else 'sms' end
$$;

create index contacts_by_mailbox on contacts (mailbox);
-- Who is looked for by how their address or number begins.
create index contacts_by_email_begun on contacts (email text_pattern_ops) where email is not null;
create index contacts_by_phone_begun on contacts (phone text_pattern_ops) where phone is not null;

-- How many sign-ups for one variant came from each network, by its digest and by day in UTC.
create table sign_up_counts (
    day        date not null,
    network    bytea not null,
    store_id   text not null,
    variant_id text not null,
    count      integer not null check (count > 0),
    primary key (day, network, store_id, variant_id)
);

-- What contacts agreed to and took back, with the proof of it; the newest row of a channel holds.
create table consents (
    id         bigint generated always as identity primary key,
    contact_id text not null references contacts,
    channel    text not null check (channel <> ''),
    granted    boolean not null,
    source     text not null,
    given_at   timestamptz not null default now(),
    -- What for, the words that were shown for it, and the page that they stood on.
    purpose    text not null default 'alerts' check (purpose ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    text       text check (length(text) <= 5000),
    page       text check (length(page) <= 2000),
    -- Whoever reads the mail of the address said so, by a link that was sent there.
    confirmed  boolean not null default false,
    -- SHA-256 of the text, and keyed digests of the address and of the network: with these it is proved what was agreed
    -- to and by whom, when neither is kept in words any more. Set by consents_are_sealed.
    text_digest    bytea,
    address_digest bytea,
    network_digest bytea,
    check (text is null or text_digest is not null)
);
create index consents_latest on consents (contact_id, channel, id desc);
create trigger consents_are_never_deleted before delete on consents for each row execute function refuse_change();
-- But who was erased leaves no words behind.
create trigger consents_are_append_only before update on consents for each row
    when (new.source <> 'erased' or num_nonnulls(new.text, new.page) > 0 or
          (new.id, new.contact_id, new.channel, new.granted, new.given_at, new.purpose, new.confirmed,
           new.text_digest, new.address_digest, new.network_digest)
          is distinct from (old.id, old.contact_id, old.channel, old.granted, old.given_at, old.purpose, old.confirmed,
                            old.text_digest, old.address_digest, old.network_digest))
    execute function refuse_change();
create function seal_consent() returns trigger language plpgsql as $$
begin
    new.text_digest := sha256(convert_to(new.text, 'UTF8'));
    new.address_digest := (select new_digest(address_on(new.channel, email, phone)) from contacts where id = new.contact_id);
    return new;
end $$;
create trigger consents_are_sealed before insert on consents for each row execute function seal_consent();

-- Addresses that nothing is sent to any more: bounces and complaints.
create table suppressions (
    channel       text not null check (channel <> ''),
    address       text not null check (address = lower(address)),
    reason        text not null,
    suppressed_at timestamptz not null default now(),
    primary key (channel, address)
);

-- Who is on which list. Contact first: criteria ask what one contact belongs to.
create table list_members (
    list_code  text not null references lists,
    contact_id text not null references contacts,
    joined_at  timestamptz not null,
    -- Who put them there: 'event/' and the store, or what else does.
    source     text not null,
    primary key (contact_id, list_code)
);

-- Tags that steps, and people by hand, put on contacts.
create table contact_tags (
    contact_id text not null references contacts,
    tag        text not null check (tag <> '' and length(tag) <= 100),
    tagged_at  timestamptz not null default now(),
    primary key (contact_id, tag)
);

-- Intake: deliveries, events and orders ------------------------------------------------------------------------------

-- Each delivery of a storefront, once.
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
    -- Remembered for good, since it was asked for last: a privacy message, which nobody can have done anew.
    lasting     boolean not null default false,
    unique (source, store_id, key),
    check ((state = 'malformed') = (error is not null))
);
create index inbox_oldest on inbox (received_at) where not lasting;
-- What goes when a person of the store is erased.
create index inbox_bodies on inbox (store_id) where body is not null;

-- Events as they were told, each once by its teller's id.
create table events (
    store_id    text not null references stores,
    id          text not null,
    kind        text not null check (kind in (
        'viewed_product', 'added_to_cart', 'removed_from_cart', 'checkout_started', 'ordered', 'custom', 'opened_message', 'clicked_message',
        'joined_list')),
    name        text,
    contact_id  text not null references contacts,
    product_id  text,
    variant_id  text,
    quantity    bigint,
    happened_at timestamptz not null,
    received_at timestamptz not null default now(),
    -- By the teller's clock. A checkout is told of whenever it changes: the newest message stands, as with an order.
    told_at     timestamptz not null default now(),
    -- Of a checkout: the cart that it was made of, by which its deletion is told.
    cart_id     text,
    properties  jsonb not null default '{}',
    -- What a cart, a checkout or an order was about: [{"product", "variant", "quantity"}]; product_id where it is one.
    items       jsonb not null default '[]',
    order_id    text,
    -- The Message-ID of what was opened or clicked, without angle brackets; where whoever told of it knew it.
    message_id  text,
    list_code   text,
    -- Who was considered for what and why not (promise P7), as it was answered.
    outcome     jsonb not null default '{}',
    primary key (store_id, id),
    check ((kind = 'custom') = (name is not null)),
    check ((kind = 'ordered') = (order_id is not null)),
    constraint events_message_check check (message_id is null or kind in ('opened_message', 'clicked_message')),
    constraint events_list_check check ((kind = 'joined_list') = (list_code is not null))
);
create index events_by_cart on events (store_id, cart_id) where cart_id is not null;
create index events_by_contact on events (contact_id, happened_at desc);
create index events_by_product on events (store_id, product_id, kind, happened_at);
-- Back-population reads what was done since a day.
create index events_by_time on events (kind, happened_at);
-- What retention looks for.
create index events_with_details on events (received_at) where properties <> '{}' or message_id is not null;
-- When a contact last opened or clicked: asked whenever criteria are.
create index events_by_engagement on events (contact_id, kind, happened_at desc)
    where kind in ('opened_message', 'clicked_message');

-- One row per order and product: what "bought it already" means.
create table orders (
    store_id    text not null references stores,
    order_id    text not null,
    contact_id  text not null references contacts,
    product_id  text not null,
    variant_id  text not null default '',
    quantity    bigint not null default 1,
    ordered_at  timestamptz not null,
    cancelled   boolean not null default false,
    -- By the storefront's clock, of the message that stands.
    observed_at timestamptz not null,
    -- A storefront may tell of an order late.
    received_at timestamptz not null default now(),
    primary key (store_id, order_id, product_id, variant_id)
);
create index orders_by_contact on orders (contact_id, store_id, product_id, ordered_at desc) where not cancelled;
create index orders_by_product on orders (store_id, product_id, ordered_at) where not cancelled;

-- What stays of those who were forgotten: keyed digests, by which an address or an id is known when it comes again ------

create function padded(secret bytea, byte integer) returns bytea language sql immutable as $$
    select string_agg(
        set_byte('\x00', 0, case when i < length(secret) then get_byte(secret, i) else 0 end # byte), ''::bytea order by i)
    from generate_series(0, 63) i
$$;

-- The keys of the digests, made here at random. The newest is written with, all are looked up with.
create table digest_keys (
    id      bigint generated always as identity primary key,
    secret  bytea not null unique default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                                  check (length(secret) between 32 and 64),
    -- As HMAC has it (RFC 2104).
    inner_key bytea not null generated always as (padded(secret, 54)) stored,
    outer_key bytea not null generated always as (padded(secret, 92)) stored,
    made_at timestamptz not null default now()
);
insert into digest_keys default values;

-- HMAC-SHA-256 of a text, under each key and under the newest.
create function digests(text) returns setof bytea language sql stable as $$
    select sha256(outer_key || sha256(inner_key || convert_to($1, 'UTF8'))) from digest_keys
$$;
create function new_digest(text) returns bytea language sql stable as $$
    select sha256(outer_key || sha256(inner_key || convert_to($1, 'UTF8'))) from digest_keys order by id desc limit 1
$$;

-- Addresses of people who were erased: what they did until then is not recorded, whoever tells of it later.
create table forgotten_addresses (
    digest       bytea not null,
    -- By which store; empty: by all.
    store_id     text not null default '',
    forgotten_at timestamptz not null default now(),
    primary key (digest, store_id)
);

-- Whether the person of an address was forgotten by a store after this time.
create function forgotten_by(store text, address text, since timestamptz) returns boolean language sql stable as $$
    select exists (select from forgotten_addresses
                   where store_id = store and digest in (select digests(address)) and forgotten_at >= since)
$$;

-- Events and orders that were erased, by their teller's ids: none of them brings anybody back.
create table forgotten_ids (
    store_id text not null references stores,
    kind     text not null check (kind in ('event', 'order')),
    digest   bytea not null,
    primary key (store_id, kind, digest)
);

-- What erased people had said against being written to. It holds again as soon as somebody gives their address.
create table kept_refusals (
    digest         bytea not null,
    channel        text not null check (channel <> ''),
    -- They had said no, or taken back their yes.
    refused        boolean not null,
    -- Why the address was suppressed; null: it was not.
    suppressed_for text,
    primary key (digest, channel),
    check (refused or suppressed_for is not null)
);

create function refuse_again() returns trigger language plpgsql as $$
begin
    with given as (
        select address, digests(address) as digest from unnest(array[new.email, new.phone]) address where address is not null
    ), kept as (
        delete from kept_refusals k using given g where k.digest = g.digest
        returning g.address, k.channel, k.refused, k.suppressed_for
    ), suppressed as (
        insert into suppressions (channel, address, reason)
        select channel, address, min(suppressed_for) from kept where suppressed_for is not null group by channel, address
        on conflict do nothing
    )
    insert into consents (contact_id, channel, granted, source)
    select distinct new.id, channel, false, 'before they were erased' from kept where refused;
    return null;
end $$;
create trigger refusals_outlive_erasure after insert on contacts for each row
    when (num_nonnulls(new.email, new.phone) > 0) execute function refuse_again();
create trigger refusals_outlive_erasure_of_another after update of email, phone on contacts for each row
    when (new.email is distinct from old.email or new.phone is distinct from old.phone) execute function refuse_again();

-- A number that was typed beside another e-mail address than this one is free for whose it is, with what was said against
-- messages to it: refuse_again tells them.
create function take_lent_number(number text, but_of text) returns void language sql as $$
    with lent as (
        update contacts set phone = null, phone_lent = false
        where phone = number and phone_lent and email is distinct from but_of
        returning id
    )
    insert into kept_refusals (digest, channel, refused)
    select new_digest(number), 'sms', true from lent
    where (select not granted from consents where contact_id = lent.id and channel = 'sms' order by id desc limit 1)
    on conflict (digest, channel) do update set refused = true
$$;

-- The contact of an address, an e-mail address or a phone number, made with this id if there is none.
create function contact_of(new_id text, address text) returns text language plpgsql as $$
declare
    found_id text;
begin
    perform take_lent_number(address, null);
    if channel_of(address) = 'email' then
        insert into contacts (id, email) values (new_id, address)
        on conflict (email) do update set email = excluded.email returning id into found_id;
    else
        insert into contacts (id, phone) values (new_id, address)
        on conflict (phone) do update set phone = excluded.phone returning id into found_id;
    end if;
    return found_id;
end $$;

-- The contact of two addresses of one person. Each is added to whoever has the other, and none of its kind; where two people
-- have them, or somebody has others, the e-mail address says who it is.
create function contact_of_both(new_id text, its_email text, its_phone text) returns text language plpgsql as $$
declare
    found_id text;
begin
    perform take_lent_number(its_phone, its_email);
    begin
        update contacts set email = its_email
        where phone = its_phone and email is null and not exists (select from contacts where email = its_email);
    exception when unique_violation then null;
    end;
    found_id := contact_of(new_id, its_email);
    begin
        update contacts set phone = its_phone
        where id = found_id and phone is null and not exists (select from contacts where phone = its_phone);
    exception when unique_violation then null;
    end;
    update contacts set phone_lent = false where id = found_id and phone = its_phone and phone_lent;
    return found_id;
end $$;

-- The contact of one address; null: the person was erased after this time (null: it is of now), or this order of the store was.
create function contact_then(new_id text, address text, at timestamptz, store text, order_told text)
returns text language plpgsql as $$
declare
    found_id text;
begin
    found_id := contact_of(new_id, address);
    -- Only now, when nobody can erase them meanwhile; and whoever was made for it is not made.
    if exists (select from forgotten_addresses
               where digest in (select digests(address)) and store_id in ('', store) and forgotten_at >= at)
       or exists (select from forgotten_ids
                  where store_id = store and kind = 'order' and digest in (select digests(order_told))) then
        raise exception 'forgotten' using errcode = 'FG001';
    end if;
    return found_id;
exception when sqlstate 'FG001' then
    return null;
end $$;

-- The channels that a version speaks on.
create function channels_of(version text) returns setof text language sql stable as $$
    select distinct each.value ->> 'channel' from versions v cross join jsonb_each(v.document -> 'messages') each where v.id = version
$$;

-- Journeys and places on the waiting list ----------------------------------------------------------------------------

-- One row per journey, as the workflow last wrote it: where it rests, how it ended.
create table journeys (
    id             text primary key,
    contact_id     text not null references contacts,
    conversation   text not null references conversations,
    version_id     text not null references versions,
    -- Null: it was entered without an alert, by an event.
    alert_id       text references alerts,
    store_id       text not null,
    -- A variant or a whole product, in one key: 'variant/123', 'product/7'.
    subject        text,
    -- The product as it is now: a variant may move to another, see journeys_go_with_their_variant.
    product_id     text,
    -- The product when they entered, of a variant that has moved since.
    entered_product_id text,
    entered_at     timestamptz not null,
    -- The event that entered a conversation without an alert.
    entered_on     text,
    event_id       text,
    -- Which of the contact's carts it is about: a checkout, or the first of its things; empty unless entered on a cart.
    cart           text not null default '',
    -- They are not sent the confirmation of a sign-up that lies long back.
    late           boolean not null default false,
    window_ends_at timestamptz,
    told_at        timestamptz,
    -- Where it rests, unless it stands in line; and what holds it up there.
    at_step        text,
    at_since       timestamptz,
    held_up_by     text,
    moved_at       timestamptz,
    -- Asked to leave, and why: no message leaves any more, whether the workflow has heard of it or not.
    leaving        text,
    -- The journey in which they were told last and did not buy: who stays until they bought. `entered_at` and the window are its own.
    stays_from     text references journeys,
    ended_at       timestamptz,
    ending         text check (ending in ('completed', 'expired', 'exited', 'discontinued')),
    reason         text,
    -- When it was settled what becomes of the history, see archivings.
    archived_at    timestamptz,
    foreign key (store_id, product_id) references products,
    check (window_ends_at > entered_at),
    check ((ended_at is null) = (ending is null)),
    check ((alert_id is null) = (entered_on is not null)),
    check (alert_id is null or num_nonnulls(subject, product_id, window_ends_at) = 3),
    check ((at_step is null) = (at_since is null)),
    check (archived_at is null or ended_at is not null)
);
create unique index one_stay_from_each on journeys (stays_from) where stays_from is not null;
create index journeys_newest on journeys (entered_at desc, id desc);
create index journeys_by_contact on journeys (contact_id, entered_at desc);
create index journeys_by_subject on journeys (store_id, subject, entered_at desc);
create index journeys_by_store on journeys (store_id, contact_id);
create unique index one_journey_at_a_time on journeys (conversation, store_id, contact_id, cart)
    where alert_id is null and ended_at is null;
create index journeys_by_conversation on journeys (conversation, entered_at desc);
create index journeys_without_alert on journeys (conversation) where alert_id is null;
create index journeys_told on journeys (told_at) where told_at is not null;
create index journeys_untold on journeys (conversation, ended_at) where reason is not null and told_at is null and ended_at is not null;
create index journeys_open on journeys (conversation, version_id) where ended_at is null;
create index journeys_at_step on journeys (conversation, at_step, id) where ended_at is null and at_step is not null;
create index journeys_held_up on journeys (held_up_by, at_since) where ended_at is null and held_up_by is not null;
create index journeys_open_of_contact on journeys (contact_id) where ended_at is null;
-- Those to look at. As small as what is left to do.
create index journeys_to_archive on journeys (ended_at, id) where ended_at is not null and archived_at is null;

-- What a journey came by: one row for each stay of its path, by its number there. Told with the activities that follow it, so
-- that reports count every step without reading a history. Who stands in line is `waiting`.
create table path_entries (
    journey_id text not null references journeys,
    number     integer not null check (number >= 0),
    step       text not null check (step <> ''),
    entered_at timestamptz not null,
    primary key (journey_id, number)
);
create index path_entries_in_time on path_entries (entered_at);

-- Places in line, one per journey of an alert.
create table waiting (
    place      bigint generated always as identity primary key,
    journey_id text not null unique references journeys,
    alert_id   text not null references alerts,
    -- Of the alert: two alerts of one type tell the same of a thing.
    type       text not null,
    contact_id text not null references contacts,
    store_id   text not null,
    subject    text not null,
    entered_at timestamptz not null,
    state      text not null default 'waiting' check (state in ('waiting', 'claimed', 'told', 'left')),
    reason     text,
    -- Price drop: told when the price is at most this. Low inventory: when the quantity is. Null: back in stock.
    trigger_at numeric(18, 4),
    -- What it cost when they entered, in `currency`; for messages alone. Null: not known.
    entry_price numeric(18, 4),
    -- Low inventory: the quantity was above the trigger since they entered, so that a fall to it is a crossing.
    armed      boolean not null default true,
    currency   text,
    -- A place was refused for this reason and given back, and nothing has changed since: no other is given until then.
    passed_over_for text,
    -- Since when nothing of their own keeps a place from them: they entered, confirmed, or were taken up again.
    counts_since timestamptz not null default now(),
    -- How many units they want, all of one variant: fewer are no offer to them. At a bound nobody says it.
    quantity   integer not null default 1 check (quantity between 1 and 999),
    -- How often they were told of it before, and did not buy: they stay behind those who were not, see staying.sql.
    told_before integer not null default 0 check (told_before >= 0),
    check (quantity = 1 or trigger_at is null),
    check ((state = 'left') = (reason is not null)),
    check (passed_over_for is null or state <> 'claimed')
);
create unique index waiting_once on waiting (alert_id, contact_id, store_id, subject)
    where state in ('waiting', 'claimed');
-- Promise P9, as far as an index can say it: of a product and its variants the function stands_back says the rest.
create unique index one_claim_to_a_thing on waiting (contact_id, type, store_id, subject) where state = 'claimed';
-- Lines may be a million long: of each question about one an index gives the answer, or the next few rows, in order.
-- Who wants several units stands in an index of their own, by how many: those who want more than there are stand in nobody's way.
create index waiting_next on waiting (alert_id, store_id, subject, entered_at, place)
    where state = 'waiting' and passed_over_for is null and quantity = 1;
create index waiting_next_for_several on waiting (alert_id, store_id, subject, quantity, entered_at, place)
    where state = 'waiting' and passed_over_for is null and quantity > 1;
create index waiting_trigger on waiting (alert_id, store_id, subject, trigger_at desc, entered_at, place)
    where state = 'waiting' and passed_over_for is null and armed and trigger_at is not null;
create index waiting_unarmed on waiting (alert_id, store_id, subject, trigger_at) where state = 'waiting' and not armed;
-- Rises of a measure that arm more of a line than are armed at once: those who stood in it then, as far as `last_place`. The shelf
-- arms them before it gives the next place (activities/waitlist/claims.sql), so a fall meanwhile is a crossing for them too.
create table rises (
    id         bigint generated always as identity primary key,
    alert_id   text not null references alerts,
    store_id   text not null,
    subject    text not null,
    measure    numeric(18, 4) not null,
    last_place bigint not null
);
create index rises_of_line on rises (store_id, subject, alert_id);
create index waiting_line on waiting (store_id, subject, alert_id, entered_at, place) where state in ('waiting', 'claimed');
-- Who is claimed is never passed over. So this serves those who list a line, and never whoever asks of one contact: many may be
-- claimed in a moment, before the planner hears of it.
create index waiting_claimed on waiting (store_id, subject, alert_id) where state = 'claimed' and passed_over_for is null;
create index waiting_left on waiting (store_id, subject, alert_id, entered_at) where state = 'left';
create index waiting_of_contact on waiting (contact_id) where state in ('waiting', 'claimed');
create index waiting_by_contact on waiting (contact_id, alert_id);
create index waiting_passed_over on waiting (store_id, subject)
    where passed_over_for is not null and passed_over_for not in ('not_confirmed', 'contact_paused');
create index waiting_of_paused on waiting (contact_id) where passed_over_for = 'contact_paused';

-- For each channel on which a journey's threads say something: what is known of its contact there, and whether a message
-- there needs no word of theirs (`unasked`). Without what answers a sign-up, or says that nothing will come. What follows
-- says activities/delivery/channel_facts.py.
create function channel_facts(journey journeys)
    returns table (channel text, unreachable boolean, consented boolean, refused boolean, suppressed boolean, unasked boolean)
    language sql stable as $$
    select said.channel, reached.address is null, coalesce(word.granted, false), coalesce(not word.granted, false),
           exists (select from suppressions s where s.channel = said.channel and s.address = reached.address), said.unasked
    from (
        select message ->> 'channel' as channel,
               bool_or(message @> '{"transactional": true}' and v.document #>> '{list,double_opt_in}' is null) as unasked
        from versions v
        cross join jsonb_path_query(
            v.document, '$.threads[*] ? (!(@.on like_regex "[.](subscription|discontinued)$")).steps.**.send') as sent (name)
        cross join lateral (select v.document -> 'messages' -> (sent.name #>> '{}')) as told (message)
        where v.id = journey.version_id and message is not null
        group by 1
    ) said
    join contacts c on c.id = journey.contact_id
    cross join lateral (select address_on(said.channel, c.email, c.phone)) as reached (address)
    left join lateral (
        select granted from consents where contact_id = c.id and consents.channel = said.channel order by id desc limit 1) word on true
$$;

-- Sign-ups for which the address's owner is asked first, each by a link that only whoever reads its mail has. Until they
-- say yes the place is passed over as `not_confirmed`: it counts for nobody's stock, and stays where it is in line.
create table confirmations (
    journey_id     text primary key references journeys,
    token          text not null unique check (token ~ '^[A-Za-z0-9_-]{22}$'),
    -- What becomes the consent with the yes.
    source         text not null,
    purpose        text not null,
    text           text,
    page           text,
    network_digest bytea,
    asked_at       timestamptz not null default now(),
    -- Without a yes the place is gone then.
    ends_at        timestamptz not null,
    confirmed_at   timestamptz,
    lapsed_at      timestamptz,
    check (confirmed_at is null or lapsed_at is null)
);
create index confirmations_due on confirmations (ends_at) where confirmed_at is null and lapsed_at is null;

create function place_is_confirmed() returns trigger language plpgsql as $$
begin
    if not exists (select from confirmations where journey_id = new.journey_id and confirmed_at is not null) then
        raise exception 'the place of % is not confirmed', new.journey_id;
    end if;
    return new;
end $$;
create trigger a_place_counts_once_confirmed before update of passed_over_for on waiting for each row
    when (old.passed_over_for = 'not_confirmed' and new.passed_over_for is distinct from 'not_confirmed')
    execute function place_is_confirmed();

-- The links by which shoppers come to their own page, and unsubscribe: of one store, at random, so that nobody can be read
-- from an address. A new one each month; what the older ones open is in starter/shops/shoppers.py.
create function this_month() returns date language sql stable as $$
    select date_trunc('month', now() at time zone 'UTC')::date
$$;
create table shopper_links (
    token      text primary key check (token ~ '^[A-Za-z0-9_-]{22}$'),
    contact_id text not null references contacts,
    store_id   text not null,
    made_at    timestamptz not null default now(),
    -- Null: its contact has moved to another address since, and it opens nothing any more.
    of_month   date default this_month(),
    unique (contact_id, store_id, of_month)
);

-- Browsers that signed up, by the digest of their token: whoever has that may tell what the contact looks at in the store. How much
-- they told of on the last day on which they did, by UTC.
create table devices (
    digest     bytea primary key,
    contact_id text not null references contacts,
    store_id   text not null,
    made_at    timestamptz not null default now(),
    day        date,
    told       integer not null default 0 check (told >= 0),
    check (day is not null or told = 0)
);
create index devices_of_contact on devices (contact_id);
create index devices_by_age on devices (made_at);

-- Requests of contacts to be written to at another address, which is asked first.
create table address_changes (
    id         bigint generated always as identity primary key,
    contact_id text not null references contacts,
    store_id   text not null,
    -- Null: it is decided or out of date, or its contact, or whoever has the address, was erased.
    email      text check (email = lower(email)),
    token      text not null unique check (token ~ '^[A-Za-z0-9_-]{22}$'),
    asked_at   timestamptz not null default now(),
    ends_at    timestamptz not null,
    decided_at timestamptz
);
create index address_changes_of on address_changes (email, ends_at) where email is not null;
create index address_changes_by_contact on address_changes (contact_id, asked_at desc);

-- How many are in each line now (what: waiting, claimed, and unconfirmed: who has a place that does not count yet), and how many entered, were told, left, or were lost to their window
-- in each quarter of an hour, so that no report counts a line of a million. Rows are only added by whoever changes a
-- line, who so waits for nobody, and folded into one now and then (activities/waitlist/line_counts.py); what counts is their sum.
create table line_counts (
    id       bigint generated always as identity primary key,
    alert_id text not null,
    store_id text not null,
    subject  text not null,
    what     text not null check (what in ('waiting', 'unconfirmed', 'claimed', 'entered', 'told', 'left', 'lost', 'again')),
    -- The quarter of an hour; of `lost` that in which the window ended; of `again` that of a sign-up that put nobody in line.
    quarter  timestamptz,
    -- Why they left.
    reason   text,
    count    bigint not null,
    -- How many units they want together, of those who are in the line now.
    units    bigint not null default 0,
    folded   boolean not null default false,
    check ((quarter is null) = (what in ('waiting', 'unconfirmed', 'claimed'))),
    check (quarter is null or units = 0),
    check ((reason is not null) = (what = 'left'))
);
create index line_counts_of_line on line_counts (store_id, subject, alert_id, what, quarter);
create index line_counts_of_alert on line_counts (alert_id, what, quarter);
create index line_counts_now on line_counts (what) include (count, units) where what = 'waiting';
create index line_counts_to_fold on line_counts (id) where not folded;

-- Lines that have grown past the number of their list, since then; said once, until they have fallen to less than half of it.
-- Whoever folds the counts of lines writes it, who is one at a time: nobody who changes a line waits for it.
create table long_lines (
    alert_id text not null references alerts,
    store_id text not null,
    subject  text not null,
    since    timestamptz not null default now(),
    -- How many waited when it was found.
    waiting  bigint not null,
    -- Null: not said yet.
    said_at  timestamptz,
    primary key (store_id, subject, alert_id)
);

create function quarter_of(at timestamptz) returns timestamptz language sql immutable as $$
    select date_bin('15 minutes', at, '2000-01-01T00:00Z')
$$;

-- What one who stands in a line is counted as.
create function counted_as(state text, passed_over_for text) returns text language sql immutable as $$
    select case when state = 'waiting' and passed_over_for = 'not_confirmed' then 'unconfirmed' else state end
$$;

create type line_change as (
    alert_id text, store_id text, subject text, what text, quarter timestamptz, reason text, n integer, units integer);
create function count_lines() returns trigger language plpgsql as $$
declare
    changes line_change[];
begin
    if tg_op = 'INSERT' then
        changes := array(
            -- Who stays until they bought wishes for nothing new: they count as waiting, and as told, alone.
            select (alert_id, store_id, subject, 'entered', quarter_of(entered_at), null, 1, 0)::line_change from new_rows where told_before = 0
            union all
            select (alert_id, store_id, subject, counted_as(state, passed_over_for), null, null, 1, quantity)::line_change
            from new_rows where state in ('waiting', 'claimed'));
    else
        changes := array(
            select (n.alert_id, n.store_id, c.subject, c.what, c.quarter, c.reason, c.n,
                    case when c.quarter is not null then 0 when c.n > 0 then n.quantity else -o.quantity end)::line_change
            from new_rows n join old_rows o on o.place = n.place
                and ((counted_as(o.state, o.passed_over_for), o.subject) <> (counted_as(n.state, n.passed_over_for), n.subject)
                     or o.quantity <> n.quantity and n.state in ('waiting', 'claimed'))
            join journeys j on j.id = n.journey_id
            cross join lateral (values
                (n.subject, counted_as(n.state, n.passed_over_for),
                 case when n.state in ('told', 'left') then quarter_of(now()) end, case when n.state = 'left' then n.reason end,
                 case when n.state = 'left' and n.told_before > 0 then 0 else 1 end),
                -- Told after all not: the provider never sent it.
                (o.subject, counted_as(o.state, o.passed_over_for), case when o.state = 'told' then quarter_of(now()) end, null,
                 case when o.state in ('waiting', 'claimed', 'told') then -1 else 0 end),
                (n.subject, 'lost', quarter_of(j.window_ends_at), null,
                 case when n.state = 'left' and n.reason = 'window_ended' and n.told_before = 0 then 1 else 0 end),
                -- Moved to another line: they left the one and entered the other.
                (o.subject, 'left', quarter_of(now()), 'moved', (n.subject <> o.subject and n.told_before = 0)::integer),
                (n.subject, 'entered', quarter_of(n.entered_at), null, (n.subject <> o.subject and n.told_before = 0)::integer)
            ) c (subject, what, quarter, reason, n)
            where c.n <> 0);
    end if;
    insert into line_counts (alert_id, store_id, subject, what, quarter, reason, count, units)
    select c.alert_id, c.store_id, c.subject, c.what, c.quarter, c.reason, sum(c.n), sum(c.units)
    from unnest(changes) c group by 1, 2, 3, 4, 5, 6;
    return null;
end $$;
-- Lines by what people choose them by, with who is in each now; null means any. Of a product: its own line and those of its
-- variants.
create function chosen_lines(of_store text, of_variant text, of_product text, of_alert text)
    returns table (alert_id text, store_id text, subject text, people bigint, unconfirmed bigint) language sql stable as $$
    select alert_id, store_id, subject, coalesce(sum(count) filter (where what <> 'unconfirmed'), 0)::bigint,
           coalesce(sum(count) filter (where what = 'unconfirmed'), 0)::bigint
    from line_counts
    where what in ('waiting', 'unconfirmed', 'claimed')
      and (of_store is null or store_id = of_store)
      and (of_variant is null or subject = 'variant/' || of_variant)
      and (of_product is null or subject in (
          select 'product/' || of_product
          union all
          select 'variant/' || variant_id from variants where product_id = of_product and (of_store is null or store_id = of_store)))
      and (of_alert is null or alert_id = of_alert)
    group by 1, 2, 3 having sum(count) > 0
$$;
create trigger lines_are_counted_when_entered after insert on waiting
    referencing new table as new_rows for each statement execute function count_lines();
create trigger lines_are_counted_when_changed after update on waiting
    referencing old table as old_rows new table as new_rows for each statement execute function count_lines();

-- The units of an item at the locations that a list counts (null: all), shared by all alerts, levels and lists (promise
-- P2). Kept with the stock by observe_units, and by claims_are_counted: a claim of an alert that tells k contacts per unit
-- takes 1/k of a unit, and m units where it keeps m for each contact, from each supply that it could use up.
create table supplies (
    id          bigint generated always as identity primary key,
    store_id    text not null references stores,
    item        text not null,
    locations   text[],
    available   bigint not null check (available >= 0),
    -- Units that came since none was left, less those that went to nobody who was told (ADR 9, ADR 15).
    arrived     bigint not null,
    taken       numeric(30, 12) not null check (taken >= 0),
    -- Claims given after this one take from the units there are; earlier ones from units that are long gone.
    since_claim bigint not null,
    constraint p2_no_more_is_taken_than_arrived check (taken <= arrived),
    check (available <= arrived)
);
create index supplies_by_item on supplies (store_id, item);
create unique index one_supply_of_all on supplies (store_id, item) where locations is null;
create unique index one_supply_of_locations on supplies (store_id, item, locations) where locations is not null;

-- Offers of an alert and subject, from the change that opened each to the one that closed it.
create table episodes (
    id                bigint generated always as identity primary key,
    alert_id          text not null references alerts,
    store_id          text not null,
    subject           text not null,
    contacts_per_unit bigint check (contacts_per_unit > 0),
    units_per_contact bigint not null default 1 check (units_per_contact > 0),
    -- Those that count for its list, as of `available`.
    locations         text[],
    -- What triggers are compared with: the price now (price drop) or the quantity now (low inventory).
    measure           numeric(18, 4),
    available         bigint not null check (available >= 0),
    -- Less than available where other locations began to count: what was there already did not arrive.
    arrived           bigint not null check (arrived >= 0),
    -- The units that claims that count (given and used) are for; where k contacts share a unit, k times each. Kept by
    -- claims_are_counted, bounded by promise P2.
    claimed           bigint not null default 0 check (claimed >= 0),
    -- When it did, under its product's row: not when its transaction began, which may have waited for that row since. What was told
    -- before is then on record as told before it.
    opened_at         timestamptz not null default clock_timestamp(),
    -- When its units or its measure changed last, see those_passed_over_are_taken_up_again.
    changed_at        timestamptz not null default clock_timestamp(),
    closed_at         timestamptz,
    -- Of the last change that gave it places: when it was, by the shop's own clock, and when we heard of it. Null: nobody told
    -- of it; `shop_at` also, where it was said by hand.
    shop_at           timestamptz,
    heard_at          timestamptz,
    -- Places that were given back since, and not given again: who gets one of them is not told for that change.
    freed             bigint not null default 0 check (freed >= 0),
    check (shop_at is null or heard_at is not null),
    constraint p2_claims_never_exceed_what_arrived check (claimed <= contacts_per_unit * arrived)
);
comment on column episodes.contacts_per_unit is 'null: everyone is told';
create unique index one_open_episode on episodes (alert_id, store_id, subject) where closed_at is null;
create index episodes_by_subject on episodes (store_id, subject) where closed_at is null;
create index episodes_in_time on episodes (store_id, subject, opened_at);

-- Places of an episode that were given to journeys, and what became of them.
create table claims (
    id            bigint generated always as identity primary key,
    episode_id    bigint not null references episodes,
    journey_id    text not null references journeys,
    state         text not null default 'given' check (state in ('given', 'used', 'returned', 'refused', 'lapsed')),
    -- How many units it is for: as many as the contact wants, and no fewer than the alert keeps for each.
    units         bigint not null default 1 check (units > 0),
    -- What it takes: so much of a unit of this item, where these locations count. Nothing, where everyone is told.
    item          text,
    locations     text[],
    share         numeric(30, 12) not null default 0 check (share >= 0),
    given_at      timestamptz not null default now(),
    notified_at     timestamptz,
    settled_at    timestamptz,
    lapses_at     timestamptz,
    lapsed_reason text,
    -- Who was told by it is to be looked at once its episode is over: they stay in line, unless they bought (staying.sql).
    stays         boolean not null default false,
    -- Of the change that made it possible, as its episode has them; null: it was none, but a place that somebody gave back, or
    -- they came while there was one.
    shop_at       timestamptz,
    heard_at      timestamptz,
    check (shop_at is null or heard_at is not null),
    check ((item is null) = (share = 0)),
    check ((state = 'given') = (settled_at is null))
);
create unique index one_claim_at_a_time on claims (journey_id) where state = 'given';
create index claims_by_episode on claims (episode_id);
create index claims_by_item on claims (item, id) where state in ('given', 'used');
create index claims_by_journey on claims (journey_id, id desc);
create index claims_to_notify on claims (episode_id, id) where notified_at is null and state = 'given';
create index claims_lapsing on claims (lapses_at) where lapses_at is not null and state = 'used';
create index claims_that_stay on claims (episode_id, id) where stays;
create index claims_returned on claims (settled_at) where state = 'returned';

-- How much one claim for so many units takes. Rounded down, so that three thirds are never more than a whole.
create function share_of(contacts_per_unit bigint, units bigint) returns numeric language sql immutable as $$
    select trunc(units::numeric / contacts_per_unit, 12)
$$;

-- Whether a claim where `counting` locations count takes from a supply at `there`: it does if the two share a location,
-- but not from one that is narrower, for then the unit may be another.
create function takes_from(there text[], counting text[]) returns boolean language sql immutable as $$
    select there is null or (counting is not null and there && counting and (counting <@ there or not there <@ counting))
$$;

-- Of locations that were not counted together before: the claim after which claims take from the units that an item has there
-- now; null: there are none.
create function since_claim_of(store text, whose text, counting text[]) returns bigint language sql stable as $$
    select min(o.since_claim) from supplies o
    where o.store_id = store and o.item = whose and o.available > 0
      and (o.locations is null or counting is null or o.locations && counting)
$$;

-- How many units of an item at these locations the claims after this one take; null: none.
create function promised_since(claim bigint, store text, whose text, counting text[]) returns numeric language sql stable as $$
    select coalesce(sum(c.share), 0) from claims c join episodes e on e.id = c.episode_id
    where e.store_id = store and c.item = whose and c.id > claim and c.state in ('given', 'used')
      and takes_from(counting, c.locations)
$$;

-- Bring the supplies of these items to the units there are now; of which items any changed. One for each set of locations
-- that any list counts. It looks only when it holds them, so that of two at once the later sees what the earlier wrote.
create function observe_units(store text, items text[]) returns setof text language plpgsql as $$
begin
    perform from supplies where store_id = store and item = any(items) order by id for update;
    -- A supply of locations that were not counted together before: what its units promised already stays promised.
    return query
    with missing as materialized (
        select i.item, l.locations from unnest(items) i (item)
        cross join (select null::text[] as locations union select locations from lists) l
        where not exists (
            select from supplies s
            where s.store_id = store and s.item = i.item and s.locations is not distinct from l.locations)
    )
    insert into supplies (store_id, item, locations, available, arrived, taken, since_claim)
    select store, m.item, m.locations, now_.units, greatest(now_.units, ceil(promised.units)), promised.units, since.claim
    from missing m
    cross join lateral (select units_at(store, m.item, m.locations) as units) now_
    cross join lateral (
        select coalesce(since_claim_of(store, m.item, m.locations), nextval('claims_id_seq')) as claim) since
    cross join lateral (select promised_since(since.claim, store, m.item, m.locations) as units) promised
    order by m.item, m.locations
    on conflict do nothing
    returning supplies.item;
    return query
    update supplies s
    set available = seen.units,
        arrived = case when seen.units = 0 then s.arrived
                       when s.available = 0 then seen.units
                       else least(s.arrived + greatest(0, seen.units - s.available), seen.units + ceil(s.taken)) end,
        taken = case when s.available = 0 then 0 else s.taken end,
        since_claim = case when s.available = 0 then nextval('claims_id_seq') else s.since_claim end
    from (
        select id, units_at(store_id, item, locations) as units from supplies where store_id = store and item = any(items)
    ) seen
    where s.id = seen.id and s.available <> seen.units
    returning s.item;
end $$;

create type claim_change as (claim bigint, episode_id bigint, item text, locations text[], share numeric, units bigint, n integer);
create function count_claims() returns trigger language plpgsql as $$
declare
    changes claim_change[];
begin
    changes := array(
        select (id, episode_id, item, locations, share, units, 1)::claim_change from new_rows where state in ('given', 'used'));
    if tg_op = 'UPDATE' then
        changes := changes || array(
            select (id, episode_id, item, locations, -share, -units, -1)::claim_change from old_rows
            where state in ('given', 'used'));
    end if;
    update episodes e set claimed = e.claimed + total.units, freed = greatest(0, e.freed - total.n)
    from (
        select c.episode_id, sum(c.n) as n, sum(c.units) as units from unnest(changes) c group by 1 having sum(c.units) <> 0
    ) total
    where e.id = total.episode_id;
    if not found then
        return null;
    end if;
    -- Held in a fixed order, and looked at only then: a supply may have been added for them meanwhile.
    perform from supplies s
    where (s.store_id, s.item) in (
        select e.store_id, c.item from unnest(changes) c join episodes e on e.id = c.episode_id)
    order by s.id for update;
    update supplies s set taken = s.taken + total.share
    from (
        select t.id, sum(c.share) as share
        from unnest(changes) c
        join episodes e on e.id = c.episode_id
        join supplies t on t.store_id = e.store_id and t.item = c.item and takes_from(t.locations, c.locations)
                       and t.since_claim < c.claim
        group by t.id having sum(c.share) <> 0
    ) total
    where s.id = total.id;
    return null;
end $$;
create trigger claims_are_counted_when_given after insert on claims
    referencing new table as new_rows for each statement execute function count_claims();
create trigger claims_are_counted_when_settled after update on claims
    referencing old table as old_rows new table as new_rows for each statement execute function count_claims();

-- A variant that gets its first inventory item sells the same units as before: what they promised stays promised.
create function supplies_go_with_their_variant() returns trigger language plpgsql as $$
begin
    if exists (select from supplies where store_id = new.store_id and item = new.stock_item) then
        return null;
    end if;
    update claims c set item = new.stock_item from episodes e
    where c.item = old.stock_item and c.state in ('given', 'used') and e.id = c.episode_id and e.store_id = new.store_id;
    update supplies set item = new.stock_item where store_id = new.store_id and item = old.stock_item;
    return null;
end $$;
create trigger supplies_go_with_their_variant after update on variants for each row
    when (old.stock_item = 'by-variant-' || old.variant_id and new.stock_item <> old.stock_item)
    execute function supplies_go_with_their_variant();

-- Journeys that gave way: their contact was told of the same thing by the claim of another (promise P9). A row is only
-- ever added, so that whoever records a telling waits for no lock on the places of other lines.
create table yields (
    journey_id text primary key references journeys,
    claim_id   bigint not null references claims
);

-- Why a journey is about to leave its line, whether its workflow has heard of it or not; null: it stays.
create function why_leaving(j journeys) returns text language sql stable as $$
    select coalesce(j.leaving, (select 'told_already' from yields y where y.journey_id = j.id))
$$;

-- The items whose units a subject sells. In two parts, each of which an index answers.
create function items_of(store text, subject text) returns setof text language sql stable as $$
    select v.stock_item from variants v
    where subject like 'variant/%' and v.store_id = store and v.variant_id = substr(subject, 9)
      and not v.removed and v.tracked is distinct from false
    union
    select v.stock_item from variants v
    where subject like 'product/%' and v.store_id = store and v.product_id = substr(subject, 9)
      and not v.removed and v.tracked is distinct from false
$$;

-- Units of each item of an episode's subject that nobody was told of yet; of each, the least of the supplies that a claim
-- takes from. `there`: promised or not.
create function units_left(e episodes) returns table (item text, units numeric, there bigint) language sql stable as $$
    select s.item, min(least(s.arrived - s.taken, s.available)),
           min(s.available) filter (where s.locations is not distinct from e.locations)
    from items_of(e.store_id, e.subject) i (item)
    join supplies s on s.store_id = e.store_id and s.item = i.item and takes_from(s.locations, e.locations)
    group by s.item
    having bool_or(s.locations is not distinct from e.locations)
$$;

-- For how many units the episode by itself may still give claims, each counted as often as contacts are told for one; null:
-- for as many as anybody wants.
create function units_earned(e episodes) returns bigint language sql stable as $$
    select case when e.contacts_per_unit is not null then
        greatest(0, least(e.contacts_per_unit * e.arrived - e.claimed, e.contacts_per_unit * e.available)) end
$$;

-- How many more the episode by itself may call forward now, of those who want no more than it keeps for each; null: as many
-- as there are.
create function places_earned(e episodes) returns bigint language sql stable as $$
    select units_earned(e) / e.units_per_contact
$$;

-- How many of them may be called forward now, with what others took of the same units (promise P2); null: as many as there
-- are.
create function places(e episodes) returns bigint language sql stable as $$
    select case when e.contacts_per_unit is not null then least(places_earned(e), (
        select coalesce(sum(floor(greatest(0, l.units) / share_of(e.contacts_per_unit, e.units_per_contact))), 0)::bigint from units_left(e) l)) end
$$;

-- How many units of one variant, or of another of a product's, are there for an episode, promised or not.
create function most_of_one(e episodes) returns bigint language sql stable as $$
    select case when e.subject like 'product/%' then (select coalesce(max(l.there), 0) from units_left(e) l) else e.available end
$$;

-- For how many units the next claim of an episode may be at most.
create function most_for_one(e episodes) returns bigint language sql stable as $$
    select case when e.contacts_per_unit is null then most_of_one(e) else least(units_earned(e), (
        select coalesce(max(least(l.there, ceil(e.contacts_per_unit * (l.units + 0.000000000001)) - 1)), 0)::bigint
        from units_left(e) l where l.units >= 0)) end
$$;

-- Whether one who waits may be told at this measure of the open episode.
create function trigger_holds(w waiting, measure numeric) returns boolean language sql immutable as $$
    select w.passed_over_for is null and (w.trigger_at is null or (w.armed and w.trigger_at >= measure))
$$;

-- The products that a journey is about, which decide what *bought* means to it: that of its alert, now and at entry, or all
-- that are in the event it was entered on. Null: it is about none.
create function journey_products(j journeys) returns text[] language sql stable as $$
    select array_agg(distinct product_id) from (
        select j.product_id
        union all
        select j.entered_product_id
        union all
        select coalesce(item ->> 'product', (
            select v.product_id from variants v where v.store_id = j.store_id and v.variant_id = item ->> 'variant'))
        from events e
        cross join lateral jsonb_array_elements(
            e.items || jsonb_build_object('product', e.product_id, 'variant', e.variant_id)) item
        where e.store_id = j.store_id and e.id = j.event_id
    ) products where product_id is not null
$$;

-- Whether an order is of what a journey is about: of one of its products, or of the variant under whatever product. The one
-- meaning of *bought*.
create function is_about(o orders, j journeys) returns boolean language sql stable as $$
    select 'variant/' || o.variant_id = j.subject or o.product_id = any(journey_products(j))
$$;

-- The product that one who stands in line waits for; null: they stand in none.
create function product_in_line(of_journey text) returns table (store text, product text) language sql stable as $$
    select j.store_id, j.product_id from waiting w join journeys j on j.id = w.journey_id
    where w.journey_id = of_journey and w.state in ('waiting', 'claimed')
$$;

-- Hold the product that one who stands in line waits for: not the one that they waited for before, if they were moved to another
-- while that was waited for. That one is let go of first: who holds two holds them in the order of their ids, or waits for whoever
-- does, and that for them. What is held within a block that fails is held no more.
create function hold_product_in_line(of_journey text) returns void language plpgsql as $$
declare
    wanted record;
begin
    loop
        select * into wanted from product_in_line(of_journey);
        exit when not found;
        begin
            perform from products where store_id = wanted.store and product_id = wanted.product for no key update;
            if exists (select from product_in_line(of_journey) now where now.product = wanted.product) then
                return;
            end if;
            raise exception using errcode = 'MOVED';
        exception when sqlstate 'MOVED' then
            null;
        end;
    end loop;
end $$;

-- A variant that moves to another product takes its journeys along, whoever moves it. At the end of the transaction, for
-- journeys are locked last.
create function move_journeys() returns trigger language plpgsql as $$
begin
    update journeys set product_id = new.product_id, entered_product_id = coalesce(entered_product_id, product_id)
    where store_id = new.store_id and subject = 'variant/' || new.variant_id and product_id <> new.product_id;
    return null;
end $$;
create constraint trigger journeys_go_with_their_variant after update on variants deferrable initially deferred
    for each row when (old.product_id <> new.product_id) execute function move_journeys();

-- Who was passed over is taken up again with the next change of what they wait for: of its episode, of its product, of
-- the variant. The shelf is asked to look where no change of an episode does.
create function those_passed_over_are_taken_up_again() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and (old.available, old.arrived, old.measure, old.closed_at)
        is not distinct from (new.available, new.arrived, new.measure, new.closed_at) then
        return new;
    end if;
    new.changed_at = clock_timestamp();
    update waiting set passed_over_for = null, counts_since = now()
    where store_id = new.store_id and subject = new.subject and alert_id = new.alert_id
      and passed_over_for is not null and passed_over_for not in ('not_confirmed', 'contact_paused');
    return new;
end $$;
create trigger those_passed_over_are_taken_up_again
    before insert or update of available, arrived, measure, closed_at on episodes
    for each row execute function those_passed_over_are_taken_up_again();

create function take_up_again(of_store text, of_subjects text[]) returns void language plpgsql as $$
begin
    with again as (
        update waiting set passed_over_for = null, counts_since = now()
        where store_id = of_store and subject = any(of_subjects)
          and passed_over_for is not null and passed_over_for not in ('not_confirmed', 'contact_paused')
        returning store_id, subject
    )
    insert into outbox (kind, store_id, subject) select distinct 'look_again', store_id, subject from again;
end $$;
create function product_changed() returns trigger language plpgsql as $$
begin
    perform take_up_again(new.store_id, array(
        select 'product/' || new.product_id
        union all
        select 'variant/' || variant_id from variants where store_id = new.store_id and product_id = new.product_id));
    return null;
end $$;
create function variant_changed() returns trigger language plpgsql as $$
begin
    perform take_up_again(coalesce(new.store_id, old.store_id), array['variant/' || coalesce(new.variant_id, old.variant_id)]);
    return null;
end $$;
create constraint trigger product_changed after update on products deferrable initially deferred for each row
    when ((old.on_sale, old.discontinued_at) is distinct from (new.on_sale, new.discontinued_at)) execute function product_changed();
create constraint trigger variant_changed after update on variants deferrable initially deferred for each row
    when ((old.product_id, old.removed) is distinct from (new.product_id, new.removed)) execute function variant_changed();
create constraint trigger variant_changed after insert or update or delete on variants_named_twice
    deferrable initially deferred for each row execute function variant_changed();

-- One person is told of one thing once (promise P9). A thing is a variant and the product that it belongs to, in one store.

-- How strong the reason is that somebody waits for: they asked, they put it in the cart, they looked at it.
create function strength(action text) returns integer language sql immutable as $$
    select array_position(array['browse', 'cart', 'sign-up'], action)
$$;

-- The subjects that are one thing with this one ($2, of store $1): itself, and its product or all variants of it.
create function subjects_of_thing(text, text) returns table (subject text) language sql stable as $$
    select $2
    union all
    select 'product/' || product_id from variants
    where $2 like 'variant/%' and store_id = $1 and variant_id = substr($2, 9)
    union all
    select 'variant/' || variant_id from variants
    where $2 like 'product/%' and store_id = $1 and product_id = substr($2, 9)
$$;

-- The other places in line of the same contact, in which they would be told the same of the same thing. Found by the contact
-- and by nothing else (`offset 0`): a plan that is made while tables are small, or before they were analyzed, may read all of the
-- store's lines instead.
create function other_places(w waiting) returns setof waiting language sql stable as $$
    select o.* from (select * from waiting where contact_id = w.contact_id and state in ('waiting', 'claimed') offset 0) o
    where o.type = w.type and o.store_id = w.store_id and o.journey_id <> w.journey_id
      and o.subject in (select subject from subjects_of_thing(w.store_id, w.subject))
$$;

-- Whether one who waits gets no place now: another journey of theirs has one for the same thing, or has told them of it.
create function stands_back(w waiting) returns boolean language sql stable as $$
    select exists (select from yields y where y.journey_id = w.journey_id)
        or exists (select from other_places(w) o where o.state = 'claimed')
$$;

-- A claim was settled. If the contact was told, their other places in line for the same thing that they could be told by
-- now give way, for good; so do those that have a place too, for a variant may have moved under a product since. What begins
-- later is news. If the contact was not told, those places are looked at again.
create function settle_other_places() returns trigger language plpgsql as $$
begin
    with others as (
        select n.id as claim_id, n.state, o.journey_id, o.store_id, o.subject
        from new_rows n join old_rows before on before.id = n.id and before.state = 'given'
        join waiting w on w.journey_id = n.journey_id
        cross join lateral other_places(w) o
        where n.state <> 'given' and (o.state = 'waiting' or n.state = 'used')
          and (n.state <> 'used' or o.state = 'claimed' or exists (
              select from episodes e
              where e.alert_id = o.alert_id and e.store_id = o.store_id and e.subject = o.subject and e.closed_at is null
                and trigger_holds(o, e.measure) and (o.quantity = 1 or o.quantity <= most_of_one(e))))
    ), yielded as (
        insert into yields (journey_id, claim_id) select journey_id, claim_id from others where state = 'used'
        on conflict (journey_id) do nothing
        returning journey_id
    ), leaving as (
        insert into outbox (kind, journey_id, reason) select 'leave', journey_id, 'told_already' from yielded
    )
    insert into outbox (kind, store_id, subject)
    select distinct 'look_again', store_id, subject from others where state <> 'used';
    return null;
end $$;
create trigger claims_settle_other_places after update on claims
    referencing old table as old_rows new table as new_rows for each statement execute function settle_other_places();

-- How many units those want who want several, `most` at most, in an alert's line; each number once, found without reading the
-- line.
create function quantities_wanted(of_alert text, store text, what text, most bigint) returns setof integer language sql stable as $$
    with recursive wanted (quantity) as (
        (select quantity from waiting
         where alert_id = of_alert and store_id = store and subject = what and state = 'waiting' and passed_over_for is null
           and quantity > 1 and quantity <= most
         order by quantity limit 1)
        union all
        select (select n.quantity from waiting n
                where n.alert_id = of_alert and n.store_id = store and n.subject = what and n.state = 'waiting'
                  and n.passed_over_for is null and n.quantity > 1 and n.quantity > w.quantity and n.quantity <= most
                order by n.quantity limit 1)
        from wanted w where w.quantity is not null
    )
    select quantity from wanted where quantity is not null
$$;

-- Those next in an alert's line whose trigger holds at this measure, who do not stand back and want no more than `at_most`
-- units, in its order. Of those who want equally many `most` at most (null: all), and no more than `budget` units are for (null: any
-- number). Nothing is read but those rows, however many wait behind them or want more. At a bound everyone is told; of more
-- than `most` those of the highest bounds come first.
create function next_in_line(of_alert text, store text, what text, measure numeric, most bigint, at_most bigint, budget bigint)
returns setof waiting language plpgsql stable rows 100 as $$
declare
    alert alerts;
    several integer[];
begin
    select * into alert from alerts where id = of_alert;
    if alert.measure <> 'nothing' then
        return query
            select * from waiting w
            where w.alert_id = of_alert and w.store_id = store and w.subject = what and w.state = 'waiting'
              and w.passed_over_for is null and w.armed and w.trigger_at is not null and w.trigger_at >= next_in_line.measure
              and not stands_back(w)
            order by w.trigger_at desc, w.entered_at, w.place limit most;
        return;
    end if;
    several := array(select quantities_wanted(of_alert, store, what, at_most));
    if alert.newest_first then
        return query
            select * from (
                (select * from waiting w
                 where w.alert_id = of_alert and w.store_id = store and w.subject = what and w.state = 'waiting'
                   and w.passed_over_for is null and w.quantity = 1 and not stands_back(w)
                 order by w.entered_at desc, w.place desc limit least(most, budget / alert.units_per_contact))
                union all
                select s.* from unnest(several) wanted (quantity) cross join lateral (
                    select * from waiting w
                    where w.alert_id = of_alert and w.store_id = store and w.subject = what and w.state = 'waiting'
                      and w.passed_over_for is null and w.quantity > 1 and w.quantity = wanted.quantity and not stands_back(w)
                    order by w.entered_at desc, w.place desc
                    limit least(most, budget / greatest(wanted.quantity, alert.units_per_contact))) s
            ) n
            order by n.entered_at desc, n.place desc;
    else
        return query
            select * from (
                (select * from waiting w
                 where w.alert_id = of_alert and w.store_id = store and w.subject = what and w.state = 'waiting'
                   and w.passed_over_for is null and w.quantity = 1 and not stands_back(w)
                 order by w.entered_at, w.place limit least(most, budget / alert.units_per_contact))
                union all
                select s.* from unnest(several) wanted (quantity) cross join lateral (
                    select * from waiting w
                    where w.alert_id = of_alert and w.store_id = store and w.subject = what and w.state = 'waiting'
                      and w.passed_over_for is null and w.quantity > 1 and w.quantity = wanted.quantity and not stands_back(w)
                    order by w.entered_at, w.place
                    limit least(most, budget / greatest(wanted.quantity, alert.units_per_contact))) s
            ) n
            order by n.entered_at, n.place;
    end if;
end $$;

-- A place that is to be given: to whom, for how many units, and what it takes of which item (nothing, where everyone is told).
create type next_place as (journey_id text, entered_at timestamptz, quantity integer, units bigint, item text, share numeric);

-- Whom the shelf calls forward next for an open episode, in order: the next in its line for whom as many units are free as they
-- want, `most` at most (null: all). Each takes of the item of which most is left; whoever wants more than that is passed over.
-- `taken`: by claims that are not given yet. The one answer for the shelf and for whoever says what it would do.
create function who_is_next(e episodes, most bigint, taken claim_change[] default '{}') returns setof next_place
language plpgsql stable rows 100 as $$
declare
    -- In units, each counted as often as contacts are told for one; null: there is none to keep to.
    budget bigint := units_earned(e);
    items text[];
    left_over numeric[];
    there bigint[];
    given bigint := 0;
    w waiting;
    place next_place;
    here bigint;
begin
    -- What is cheap to ask comes first: a product may have thousands of items.
    if budget < e.units_per_contact or not is_waited_for(e.store_id, e.subject, e.alert_id) then
        return;
    end if;
    if budget is null then
        return query
            select n.journey_id, n.entered_at, n.quantity, n.quantity::bigint, null::text, 0::numeric
            from next_in_line(
                e.alert_id, e.store_id, e.subject, e.measure, most,
                case when exists (select from quantities_wanted(e.alert_id, e.store_id, e.subject, e.available)) then most_of_one(e) end,
                null) n
            limit most;
        return;
    end if;
    select array_agg(l.item order by l.units desc, l.item), array_agg(l.units order by l.units desc, l.item),
           array_agg(l.there order by l.units desc, l.item),
           least(budget, sum(floor(l.units / share_of(e.contacts_per_unit, 1))))
    into items, left_over, there, budget
    from (
        select u.item, u.there, u.units - (
                   select coalesce(sum(t.share), 0) from unnest(taken) t
                   where t.item = e.store_id || '/' || u.item
                     and (takes_from(e.locations, t.locations) or takes_from(t.locations, e.locations))) as units
        from units_left(e) u
    ) l
    where l.units > 0;
    if items is null or budget < e.units_per_contact then
        return;
    end if;
    for w in
        select * from next_in_line(
            e.alert_id, e.store_id, e.subject, e.measure, most, least(budget, (select max(t) from unnest(there) t)), budget)
    loop
        place.units := greatest(w.quantity, e.units_per_contact);
        continue when place.units > budget;
        place.share := share_of(e.contacts_per_unit, place.units);
        here := null;
        if cardinality(items) > 1 then
            select i.number into here from unnest(left_over, there) with ordinality i (units, there, number)
            where i.units >= place.share and i.there >= w.quantity order by i.units desc, i.number limit 1;
        elsif left_over[1] >= place.share and there[1] >= w.quantity then
            here := 1;
        end if;
        continue when here is null;
        place.journey_id := w.journey_id;
        place.entered_at := w.entered_at;
        place.quantity := w.quantity;
        place.item := items[here];
        return next place;
        given := given + 1;
        exit when given = most;
        budget := budget - place.units;
        left_over[here] := left_over[here] - place.share;
    end loop;
end $$;

-- How many the shelves would call forward now for each of these open episodes, and for how many units, as if nothing were paused:
-- who is next, the stronger reasons first, and units that several of them sell counted once.
create function would_be_told(ids bigint[]) returns table (episode_id bigint, told bigint, units bigint) language plpgsql stable as $$
declare
    e episodes;
    taken claim_change[] := '{}';
    takes claim_change[];
begin
    for e in
        select x.* from episodes x join alerts a on a.id = x.alert_id
        where x.id = any(ids) order by strength(a.action) desc, x.alert_id, x.subject
    loop
        episode_id := e.id;
        select coalesce(sum(n.people), 0), coalesce(sum(n.units), 0), array_agg((
                   null, e.id, e.store_id || '/' || n.item, e.locations, n.share, n.units, n.people)::claim_change) filter (where n.share > 0)
        into told, units, takes
        from (
            select w.item, sum(w.share) as share, sum(w.units)::bigint as units, count(*)::integer as people
            from who_is_next(e, null, taken) w group by w.item
        ) n;
        taken := taken || takes;
        return next;
    end loop;
end $$;

-- How many units to order so that everyone is told who waits by one alert for one thing: docs/reports.md. `open`: it tells of units that
-- are there, so many people now, for so many units.
create function units_to_order(a alerts, waiting bigint, units bigint, told bigint, told_units bigint, open boolean)
returns bigint language sql immutable as $$
    select case when waiting = 0 then 0 else greatest(
        ceil(case when open and a.contacts_per_unit is null then 0
                  else greatest(units - told_units, (waiting - told) * a.units_per_contact) end::numeric / coalesce(a.contacts_per_unit, 1)),
        case when open then 0 else a.quantity_threshold end)::bigint end
$$;

-- How many are called forward before one who waits: of those before them in line, who do not stand back, are not passed
-- over, whose trigger holds at this measure (null: at any), and who want no more than `at_most` units. Counted to `most`; one more
-- means that there are more. Null where it is not known: of the first in line too few are called forward, and there are others
-- behind them.
create function ahead_of(w waiting, measure numeric, most bigint, at_most bigint default 999) returns bigint
language plpgsql stable as $$
declare
    newest_first boolean := (select a.newest_first from alerts a where a.id = w.alert_id);
    for_everyone boolean := (select a.measure = 'nothing' from alerts a where a.id = w.alert_id);
    called text[];
begin
    if w.state is distinct from 'waiting' then
        return null;
    end if;
    called := array(
        select o.contact_id from subjects_of_thing(w.store_id, w.subject) s
        join waiting o on o.store_id = w.store_id and o.subject = s.subject and o.type = w.type
                      and o.state = 'claimed' and o.passed_over_for is null);
    return (
        select case when count(*) <= most then count(*) filter (where x.is_called)
                    when for_everyone or count(*) filter (where x.is_called) > most then most + 1 end
        from (
            select trigger_holds(b.line, coalesce(ahead_of.measure, (b.line).trigger_at))
                   and not exists (select from yields y where y.journey_id = (b.line).journey_id)
                   and (b.line).contact_id <> all(called) as is_called
            from (
                (select b as line from waiting b
                 where not newest_first and b.alert_id = w.alert_id and b.store_id = w.store_id and b.subject = w.subject
                   and b.state = 'waiting' and b.passed_over_for is null and b.quantity = 1
                   and (b.entered_at, b.place) < (w.entered_at, w.place)
                 order by b.entered_at, b.place limit most + 1)
                union all
                (select b as line from waiting b
                 where newest_first and b.alert_id = w.alert_id and b.store_id = w.store_id and b.subject = w.subject
                   and b.state = 'waiting' and b.passed_over_for is null and b.quantity = 1
                   and (b.entered_at, b.place) > (w.entered_at, w.place)
                 order by b.entered_at desc, b.place desc limit most + 1)
                union all
                select s.line from quantities_wanted(w.alert_id, w.store_id, w.subject, at_most) wanted (quantity)
                cross join lateral (
                    (select b as line from waiting b
                     where not newest_first and b.alert_id = w.alert_id and b.store_id = w.store_id and b.subject = w.subject
                       and b.state = 'waiting' and b.passed_over_for is null and b.quantity > 1 and b.quantity = wanted.quantity
                       and (b.entered_at, b.place) < (w.entered_at, w.place)
                     order by b.entered_at, b.place limit most + 1)
                    union all
                    (select b from waiting b
                     where newest_first and b.alert_id = w.alert_id and b.store_id = w.store_id and b.subject = w.subject
                       and b.state = 'waiting' and b.passed_over_for is null and b.quantity > 1 and b.quantity = wanted.quantity
                       and (b.entered_at, b.place) > (w.entered_at, w.place)
                     order by b.entered_at desc, b.place desc limit most + 1)) s
            ) b
        ) x);
end $$;

-- Whether someone waits for the subject whom a place can be given to now.
create function someone_can_be_told(store text, what text) returns boolean language sql stable as $$
    select exists (
        select from episodes e join alerts a on a.id = e.alert_id join conversations c on c.code = a.conversation
        where e.store_id = store and e.subject = what and e.closed_at is null and a.paused_at is null and c.paused_at is null
          and exists (select from who_is_next(e, 1)))
$$;

-- Whether someone waits in line for the subject; of one alert, or of any.
create function is_waited_for(store text, what text, of_alert text default null) returns boolean language plpgsql stable as $$
begin
    if of_alert is not null then
        return (select true from waiting where store_id = store and subject = what and alert_id = of_alert and state in ('waiting', 'claimed')
                order by entered_at, place limit 1) is not null;
    end if;
    return (select true from waiting where store_id = store and subject = what and state in ('waiting', 'claimed')
            order by alert_id, entered_at, place limit 1) is not null;
end $$;

-- Whether an alert may have episodes of any of these subjects: it is in force, or was, and has one open or somebody in line.
create function watches(a alerts, store text, subjects text[]) returns boolean language sql stable as $$
    select not a.retired
        or exists (select from episodes e
                   where e.alert_id = a.id and e.store_id = store and e.subject = any(subjects) and e.closed_at is null)
        or exists (select from unnest(subjects) s (subject) where is_waited_for(store, s.subject, a.id))
$$;

-- The product that a subject is, or that its variant is of.
create function product_of(store text, what text) returns text language sql stable as $$
    select case when what like 'product/%' then substr(what, 9)
                else (select product_id from variants where store_id = store and variant_id = substr(what, 9)) end
$$;

-- Whether a subject is gone for good: its product is, or the variant. Each looked up by itself: as `exists` they may be planned
-- to read all variants of the store beforehand, where many subjects are asked for.
create function is_gone(store text, what text) returns boolean language sql stable as $$
    select coalesce((select discontinued_at is not null from products where store_id = store and product_id = product_of(store, what)), false)
        or what like 'variant/%'
           and coalesce((select removed from variants where store_id = store and variant_id = substr(what, 9)), false)
$$;

-- Hold the product of a subject: not the one that its variant was of before, if it moved to another while that was waited for; as
-- hold_product_in_line does.
create function hold_product_of(store text, what text) returns void language plpgsql as $$
declare
    product text;
begin
    loop
        product := product_of(store, what);
        exit when product is null;
        begin
            perform from products where store_id = store and product_id = product for no key update;
            if product_of(store, what) = product then
                return;
            end if;
            raise exception using errcode = 'MOVED';
        exception when sqlstate 'MOVED' then
            null;
        end;
    end loop;
end $$;

-- Contact events: what contacts did, by the names that conversations know it under -------------------------------------

-- One row per thing done by a contact ($1) and name; an order is `ordered`, and `bought` for each line. Without a store:
-- in every one. Whoever was on a list and joined it again has done nothing, and a sign-up that was kept for it could not
-- be entered concerns nobody.
-- Functions, for a view over the union would not reach the indexes on contacts when the contact comes from a join:
-- PostgreSQL puts these in place where they are called.
create function contact_events(text) returns table (
    store_id text, event text, happened_at timestamptz, known_at timestamptz,
    -- Which event, word on consent or order it was; `bought`: which product.
    event_id text, order_id text, product_id text,
    -- Whose message was opened or clicked, if it was one of ours.
    message_of text)
language sql stable as $$
    select store_id, case kind when 'custom' then 'custom.' || name else kind end,
           happened_at, greatest(happened_at, received_at), id, null::text, null::text,
           case when message_id like 'j-%' then split_part(message_id, '.', 1) end
    from events
    where contact_id = $1 and kind <> 'ordered' and (kind <> 'joined_list' or outcome ->> 'note' is null)
      and (name is distinct from 'signed_up' or outcome -> 'alerts' is null)
    union all
    select store_id, 'ordered', min(ordered_at), min(greatest(ordered_at, received_at)), null, order_id, null, null
    from orders where contact_id = $1 and not cancelled
    group by store_id, order_id
    union all
    select store_id, 'bought', ordered_at, greatest(ordered_at, received_at), null, order_id, product_id, null
    from orders where contact_id = $1 and not cancelled
    union all
    select null, 'unsubscribed', given_at, given_at, 'consent/' || id, null, null, null
    from consents where contact_id = $1 and not granted and channel = 'email'
$$;

-- Those that concern one stay of a contact ($1) in a conversation: in its shop ($2), since they entered ($3), other than
-- what they entered on ($4, the event of id $5), of its products ($6) if it has any, and of messages only its own
-- journey's ($7) and those that are not ours.
create function contact_events_of_stay(text, text, timestamptz, text, text, text[], text) returns table (
    store_id text, event text, happened_at timestamptz, known_at timestamptz, event_id text, order_id text,
    product_id text)
language sql stable as $$
    select e.store_id, e.event, e.happened_at, e.known_at, e.event_id, e.order_id, e.product_id
    from contact_events($1) e
    where (e.store_id is null or e.store_id = $2)
      and case when e.order_id is not null and $4 in ('ordered', 'bought')
               then e.happened_at > $3 else e.happened_at >= $3 end
      and (e.event_id is null or e.event_id is distinct from $5)
      and (e.product_id is null or $6 is null or e.product_id = any($6))
      and (e.message_of is null or e.message_of = $7)
$$;

-- Which of them concern which journey: asked by criteria, by intake (which journeys await what came in), and by dry runs.
create view journey_contact_events as
    select j.id as journey_id, e.*
    from journeys j
    cross join lateral contact_events_of_stay(
        j.contact_id, j.store_id, j.entered_at, j.entered_on, j.event_id, journey_products(j), j.id) e;

-- Delivery: messages and calls to other systems ----------------------------------------------------------------------

-- The ledger (promise P1): one row per message of a journey, written before it is sent.
create table sends (
    -- Made of journey, step and round, so that it says all three once. No second unique index may say it again:
    -- two attempts at once could meet there, where `on conflict (key)` does not look.
    key          text primary key check (key = journey_id || '/' || step || '/' || round),
    journey_id   text not null references journeys,
    step         text not null,
    round        integer not null,
    message      text not null,
    -- What it travels by; null: nobody has asked for the right to send it yet, nor was it put off for a cap.
    channel      text check (channel <> ''),
    -- On which event of its alert it left (null: of none), and under which subject; both null before it did. The subject
    -- may name the contact, and is forgotten with them.
    event        text,
    subject      text,
    state        text not null check (state in ('ready', 'sending', 'sent', 'refused', 'unknown', 'held')),
    attempts     integer not null default 0,
    -- The attempt that has the right to send, and until when nobody else may say what became of the message.
    holder       uuid,
    lease_until  timestamptz,
    -- While it is ready: put off for the cap of its list or store, and when its turn is.
    put_off_until timestamptz,
    -- While it is ready: until when it waits for what else is to be told in the same message. Null: it is told by itself.
    together_until timestamptz,
    -- The message in whose mail it was told; null: in its own. It has that one's holder, lease and outcome.
    told_with    text references sends check (told_with <> key),
    -- The answer to a sign-up, or transactional: no cap holds it up, and none counts it.
    uncapped     boolean not null default false,
    outcome      jsonb,
    opened_at    timestamptz not null default now(),
    settled_at   timestamptz,
    -- It was unknown, until its provider told what became of it.
    resolved_at  timestamptz,
    -- Approval by hand is given to the words that were read; a no takes effect when deliver is asked again.
    held_version text references versions,
    approved_at  timestamptz,
    approved_by  text,
    declined_at  timestamptz,
    declined_by  text,
    check ((state = 'sending') = (lease_until is not null)),
    check ((holder is null) = (lease_until is null)),
    check ((state in ('sent', 'refused', 'unknown')) = (settled_at is not null)),
    check ((settled_at is null) = (outcome is null)),
    check (resolved_at is null or state in ('sent', 'refused')),
    check (told_with is null or state not in ('ready', 'held')),
    check ((approved_at is null) = (approved_by is null)),
    check (held_version is not null or (state <> 'held' and approved_at is null and declined_at is null)),
    check ((declined_at is null) = (declined_by is null)),
    check (approved_at is null or declined_at is null)
);
create index sends_by_journey on sends (journey_id);
create index sends_newest on sends (settled_at desc) where settled_at is not null;
create index sends_held on sends (opened_at) where state = 'held';
create index sends_refused on sends (settled_at) where state = 'refused';
create index sends_told_with on sends (told_with) where told_with is not null;
create index sends_with_subjects on sends (settled_at) where subject is not null;
-- What a provider knows a message by: schemas.ids.message_reference.
create index sends_by_reference on sends (md5(key));

-- Whose turn it is at a provider with a rate: of each lane (a list's name; empty: the answers to sign-ups) at each receiving
-- domain (empty: all together). A lane whose next turn lies ahead wants to send.
create table sending_turns (
    channel text not null,
    domain  text not null,
    lane    text not null,
    next_at timestamptz not null,
    -- When the next of those that are sent away is to ask again: one after the other, as fast as the lane sends.
    back_at timestamptz not null,
    primary key (channel, domain, lane)
);

-- Take the next turn of a lane ($2) of a channel ($1) at all of these domains ($3) with their messages a second ($4), at $6. It is
-- given if it comes within a second; else the message is told when to ask again, and counts among those that will ($5).
create function take_turn(text, text, text[], float8[], boolean, timestamptz, out given boolean, out wait interval) language plpgsql as $$
declare
    soon constant interval := interval '1 second';
    gap interval[];
    turn timestamptz[];
    back timestamptz[];
    lane sending_turns;
    lanes bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('sending_turns/' || $1, 0));
    for i in 1 .. cardinality($3) loop
        insert into sending_turns values ($1, $3[i], $2, $6, $6) on conflict do nothing;
        select * into lane from sending_turns s where s.channel = $1 and s.domain = $3[i] and s.lane = $2;
        select 1 + count(*) into lanes from sending_turns o
        where o.channel = $1 and o.domain = $3[i] and o.lane <> $2 and o.next_at > $6;
        turn[i] := greatest(lane.next_at, $6);
        back[i] := greatest(lane.next_at, lane.back_at, $6);
        gap[i] := lanes / $4[i] * interval '1 second';
    end loop;
    wait := (select max(each) from unnest(turn) each) - $6;
    given := wait <= soon;
    if not given then
        wait := (select max(each) from unnest(back) each) - $6;
    end if;
    if given or $5 then
        for i in 1 .. cardinality($3) loop
            update sending_turns s
            set next_at = case when given then turn[i] + gap[i] else s.next_at end,
                back_at = case when given then s.back_at else back[i] + gap[i] end
            where s.channel = $1 and s.domain = $3[i] and s.lane = $2;
        end loop;
    end if;
end $$;

-- The list whose settings a journey's messages go by.
create function list_of(j journeys) returns text language sql stable as $$
    select coalesce(
        (select list_code from alerts where id = j.alert_id),
        (select document -> 'list' ->> 'code' from versions where id = j.version_id))
$$;

-- The messages that wait to be told in one with $2 of journey $1: the same message of the same alert and version, to the same person by
-- the same store, and each has a place.
create function waits_with(text, text) returns setof sends language sql stable as $$
    select s.*
    from journeys j
    join journeys o on o.contact_id = j.contact_id and o.store_id = j.store_id and o.alert_id = j.alert_id
                   and o.version_id = j.version_id and o.id <> j.id and o.ended_at is null and o.leaving is null
    join sends s on s.journey_id = o.id and s.message = $2 and s.state = 'ready' and s.together_until is not null
                and s.declined_at is null
    where j.id = $1 and exists (select from claims c where c.journey_id = o.id and c.state = 'given')
$$;

-- Until when a message waits for others, $3 at the latest: as long as the first of them. Decided for one after the other, so that two
-- that come at once do not both begin.
create function together_until(text, text, timestamptz) returns timestamptz language plpgsql as $$
begin
    perform from contacts c join journeys j on j.contact_id = c.id where j.id = $1 for no key update of c;
    return least($3, (select min(together_until) from waits_with($1, $2)));
end $$;

-- Whether one more message at $1 leaves no time of this length with more than so many; of those that were counted some may lie
-- ahead, and none of them is pushed out of its turn. Without a cap it does.
create function fits_cap(at timestamptz, counted timestamptz[], most integer, length interval) returns boolean language sql immutable as $$
    select most is null or not exists (
        select from (select at as ends union all select each from unnest(counted) each where each >= at and each < at + length) e
        where (select count(*) from unnest(counted) each where each > e.ends - length and each <= e.ends) >= most)
$$;

-- When the caps of its list and its store allow a message ($1, of journey $2, by channel $3) to leave; null: now. What counts is
-- all that its store sent to the contact, by whatever list, what may be leaving until its lease ends, and what was put off to an
-- earlier turn. For the list's cap the latter by itself, on any channel; for the store's by any list, on this channel. Its turn is the earliest moment at which both have
-- room, and it pushes nobody out of theirs. tests/delivery holds it against activities/delivery/cap.py.
create function turn_of(text, text, text) returns timestamptz language plpgsql stable as $$
declare
    moment constant timestamptz := clock_timestamp();
    of_list lists;
    of_store stores;
    by_list timestamptz[];
    by_store timestamptz[];
begin
    select l.* into of_list from journeys j join lists l on l.code = list_of(j) where j.id = $2;
    select s.* into of_store from journeys j join stores s on s.id = j.store_id where j.id = $2;
    select coalesce(array_agg(c.at) filter (where c.by_list), '{}'), coalesce(array_agg(c.at) filter (where c.by_store), '{}') into by_list, by_store
    from journeys j
    left join sends own on own.key = $1
    cross join lateral (
        -- Those that are to be told in one message are one; and those that are to be told in this one are none.
        select distinct on (case when s.state = 'ready' and s.together_until is not null then concat_ws('/', o.alert_id, o.version_id, s.message) else s.key end)
               case s.state when 'sending' then least(moment, s.lease_until) when 'ready' then s.put_off_until else s.settled_at end as at,
               s.state <> 'ready' or list_of(o) = of_list.code as by_list, s.channel = $3 as by_store
        from journeys o join sends s on s.journey_id = o.id
        where o.store_id = j.store_id and o.contact_id = j.contact_id and s.key <> $1 and not s.uncapped and s.told_with is null
          and not (s.state = 'ready' and s.together_until is not null and own.together_until is not null
                   and s.message = own.message and o.version_id = j.version_id and o.alert_id = j.alert_id)
          and (s.state in ('sending', 'sent', 'unknown')
               or s.state = 'ready' and s.put_off_until is not null and o.ended_at is null and o.leaving is null
                  and (own.put_off_until is null or (s.put_off_until, s.key) < (own.put_off_until, own.key)))
        order by case when s.state = 'ready' and s.together_until is not null then concat_ws('/', o.alert_id, o.version_id, s.message) else s.key end, s.put_off_until
    ) c
    where j.id = $2 and c.at > moment - greatest(of_list.cap_length, of_store.cap_length);
    return (
        select nullif(min(t.at), moment)
        from (select moment as at
              union select each + of_list.cap_length from unnest(by_list) each
              union select each + of_store.cap_length from unnest(by_store) each) t
        where t.at >= moment
          and fits_cap(t.at, by_list, of_list.cap_messages, of_list.cap_length)
          and fits_cap(t.at, by_store, of_store.cap_messages, of_store.cap_length));
end $$;

-- Hold the contact of a journey, where messages of its list or its store are capped: of those that ask at once one is answered after the other.
-- Whether they are.
create function hold_for_the_cap(text) returns boolean language plpgsql as $$
begin
    perform from contacts c join journeys j on j.contact_id = c.id join lists l on l.code = list_of(j)
    join stores s on s.id = j.store_id
    where j.id = $1 and coalesce(l.cap_messages, s.cap_messages) is not null
    for no key update of c;
    return found;
end $$;

-- Whether nothing speaks against a message to the contact of a journey by this channel: to their own address, or to one that they named as their
-- new one, of which only its suppression counts. They are held first, as the cap needs it, and whoever is being erased is waited for; a statement
-- of its own then sees whatever was said while it waited.
create function may_be_written_to(journey text, by_channel text, new_address text, uncapped boolean) returns boolean language plpgsql as $$
begin
    if uncapped or not hold_for_the_cap(journey) then
        perform from contacts c join journeys j on j.contact_id = c.id where j.id = journey for key share of c;
    end if;
    return exists (
        select from contacts c join journeys j on j.contact_id = c.id
        where j.id = journey and c.erased_at is null
          and not exists (select from suppressions s
                          where s.channel = by_channel and s.address = coalesce(new_address, address_on(by_channel, c.email, c.phone)))
          and (new_address is not null
               or (select granted from consents where contact_id = c.id and channel = by_channel order by id desc limit 1) is not false));
end $$;

-- The same as `turn_of`, decided. Null: it may leave now. Else a second away at least, for the clock of whoever waits for it may be ahead.
create function next_turn(text, text, text) returns timestamptz language plpgsql as $$
begin
    if not hold_for_the_cap($2) then
        return null;
    end if;
    -- A statement of its own, which sees what was decided while the contact was waited for.
    return (select greatest(turn, clock_timestamp() + interval '1 second') from turn_of($1, $2, $3) turn where turn is not null);
end $$;

-- The right to send is not given above the cap: whoever asks for it has put the message off instead.
create function keep_the_cap() returns trigger language plpgsql as $$
declare
    turn timestamptz := next_turn(new.key, new.journey_id, new.channel);
begin
    if turn is not null then
        new.state := 'ready';
        new.holder := null;
        new.lease_until := null;
        new.put_off_until := turn;
    end if;
    return new;
end $$;
create trigger the_cap_is_kept before insert on sends for each row
    when (new.state = 'sending' and not new.uncapped and new.told_with is null) execute function keep_the_cap();
create trigger the_cap_is_kept_again before update of state on sends for each row
    when (new.state = 'sending' and old.state <> 'sending' and not new.uncapped and new.told_with is null) execute function keep_the_cap();

-- Calls of webhook steps, each until the other system took it.
create table calls (
    -- As in the ledger: journey, step and round. The other system sees it as the webhook's id.
    key        text primary key,
    journey_id text not null references journeys,
    attempts   integer not null default 0,
    taken_at   timestamptz,
    last_error text,
    tried_at   timestamptz not null default now()
);
create index calls_by_journey on calls (journey_id);

-- What it earned: orders' money, and which message each order is credited to ----------------------------------------------

-- What each order came to, as the newest message about it says; orders that nobody told the money of are not here.
create table order_totals (
    store_id    text not null references stores,
    order_id    text not null,
    contact_id  text not null references contacts,
    ordered_at  timestamptz not null,
    currency    text not null check (currency ~ '^[A-Z]{3}$'),
    total       numeric(18, 4) not null check (total >= 0),
    refunded    numeric(18, 4) not null default 0 check (refunded between 0 and total),
    cancelled   boolean not null default false,
    -- What is left of it.
    net         numeric(18, 4) not null generated always as (case when cancelled then 0 else total - refunded end) stored,
    -- By the storefront's clock, of the message that stands.
    observed_at timestamptz not null,
    primary key (store_id, order_id)
);
create index order_totals_by_contact on order_totals (contact_id, store_id, ordered_at);
create index order_totals_in_time on order_totals (ordered_at);

-- How many journeys of a contact are under way in these stores. Null: in any.
create function under_way_of(contact text, stores text[]) returns bigint language sql stable as $$
    select count(*) from journeys
    where contact_id = contact and ended_at is null and (stores is null or store_id = any(stores))
$$;

-- Whether there is something of a contact in one of these stores. Null: of any.
create function is_of(contact text, stores text[]) returns boolean language sql stable as $$
    select stores is null or exists (select from journeys where store_id = any(stores) and contact_id = contact)
        or exists (select from events where contact_id = contact and store_id = any(stores))
        or exists (select from orders where contact_id = contact and store_id = any(stores) and not cancelled)
        or exists (select from order_totals where contact_id = contact and store_id = any(stores))
$$;

-- The message that an order is credited to. Whatever windows a list sets later, a credit stays as it was given; what it is
-- worth is what is left of the order.
create table credits (
    store_id    text not null,
    order_id    text not null,
    send_key    text not null references sends,
    -- What the contact did with the message last.
    touch       text not null check (touch in ('delivered', 'opened', 'clicked', 'coupon')),
    sent_at     timestamptz not null,
    touched_at  timestamptz not null,
    ordered_at  timestamptz not null,
    -- The windows that it was given by.
    model       jsonb not null,
    credited_at timestamptz not null default now(),
    primary key (store_id, order_id),
    foreign key (store_id, order_id) references order_totals on update cascade on delete cascade,
    constraint no_order_is_credited_to_a_later_message check (sent_at <= ordered_at and touched_at <= ordered_at)
);
create index credits_by_send on credits (send_key);
create trigger credits_stay before update of send_key, touch, sent_at, touched_at, ordered_at, model on credits
    for each row execute function refuse_change();

-- Who came to a place of a conversation, and when: a row for each time. `place`: a step (`at_step`), `waiting-list/ALERT`, or empty
-- for the conversation's entrance.
create view conversation_entries as
    select j.conversation, j.version_id, j.store_id, j.contact_id, j.id as journey_id, p.place, false as at_step, j.entered_at as at,
           j.id as key
    from journeys j cross join lateral (values (''), ('waiting-list/' || j.alert_id)) p (place)
    where p.place is not null
    union all
    select j.conversation, j.version_id, j.store_id, j.contact_id, j.id, p.step, true, p.entered_at, j.id || '/' || p.number
    from path_entries p join journeys j on j.id = p.journey_id
    where p.step <> 'waiting-list';

-- What happened in a conversation to its contacts, one row for each time: `entry`, `why_not`, `revenue`. Reports count these, and
-- show those behind a count. The period is of what happened. Who was refused a message is counted at its step; who left the line untold, in line.
create function happened_in(of text, since timestamptz, until timestamptz, of_stores text[], of_version text)
    returns table (what text, place text, contact_id text, journey_id text, store_id text, at timestamptz, reason text,
                   amount numeric, currency text, cancelled boolean, key text) language sql stable as $$
    select 'entry', e.place, e.contact_id, e.journey_id, e.store_id, e.at, null, null::numeric, null, false, e.key
    from conversation_entries e
    where e.conversation = of and (of_stores is null or e.store_id = any(of_stores)) and (of_version is null or e.version_id = of_version)
      and e.at >= since and e.at < until
    union all
    select 'why_not', s.step, j.contact_id, j.id, j.store_id, s.settled_at, s.outcome ->> 'reason', null, null, false, s.key
    from sends s join journeys j on j.id = s.journey_id
    where j.conversation = of and (of_stores is null or j.store_id = any(of_stores)) and (of_version is null or j.version_id = of_version)
      and s.state = 'refused' and s.settled_at >= since and s.settled_at < until
    union all
    select 'why_not', case when w.state = 'left' then 'waiting-list/' || j.alert_id else coalesce(j.at_step, '') end,
           j.contact_id, j.id, j.store_id, j.ended_at, j.reason, null, null, false, j.id
    from journeys j left join waiting w on w.journey_id = j.id
    where j.conversation = of and (of_stores is null or j.store_id = any(of_stores)) and (of_version is null or j.version_id = of_version)
      and j.reason is not null and j.told_at is null and j.ended_at >= since and j.ended_at < until
      and not exists (
          select from sends s where s.journey_id = j.id and s.state = 'refused' and s.outcome ->> 'reason' = j.reason)
    union all
    select 'why_not', '', e.contact_id, null, e.store_id, e.happened_at, c.reason, null, null, false,
           e.store_id || '/' || e.id || '/' || c.alert || '/' || coalesce(c.variant, '')
    from events e
    cross join lateral jsonb_to_recordset(e.outcome -> 'alerts') as c (alert text, variant text, result text, reason text)
    join alerts a on a.id = c.alert
    where a.conversation = of and of_version is null and c.result = 'not_entered' and c.reason is not null and e.outcome ? 'alerts'
      and e.happened_at >= since and e.happened_at < until and (of_stores is null or e.store_id = any(of_stores))
    union all
    select 'why_not', '', e.contact_id, null, e.store_id, e.happened_at, c.reason, null, null, false, e.store_id || '/' || e.id
    from events e
    cross join lateral jsonb_to_recordset(e.outcome -> 'conversations') as c (conversation text, result text, reason text)
    where c.conversation = of and of_version is null and c.result = 'not_entered' and c.reason is not null
      and e.outcome ? 'conversations'
      and e.happened_at >= since and e.happened_at < until and (of_stores is null or e.store_id = any(of_stores))
    union all
    select 'revenue', s.step, j.contact_id, j.id, t.store_id, t.ordered_at, null, t.net, t.currency, t.cancelled,
           t.store_id || '/' || t.order_id
    from order_totals t
    join credits c on (c.store_id, c.order_id) = (t.store_id, t.order_id)
    join sends s on s.key = c.send_key
    join journeys j on j.id = s.journey_id
    where j.conversation = of and (of_stores is null or j.store_id = any(of_stores)) and (of_version is null or j.version_id = of_version)
      and t.ordered_at >= since and t.ordered_at < until
$$;

-- Where the journeys of a conversation that are under way are at this moment: rows as those of `happened_in`, `now`.
create function stands_in(of text, of_stores text[], of_version text)
    returns table (what text, place text, contact_id text, journey_id text, store_id text, at timestamptz, reason text,
                   amount numeric, currency text, cancelled boolean, key text) language sql stable as $$
    select 'now', case when coalesce(j.at_step, 'waiting-list') <> 'waiting-list' then j.at_step
                       when w.state in ('waiting', 'claimed') then 'waiting-list/' || j.alert_id else '' end,
           j.contact_id, j.id, j.store_id, coalesce(j.at_since, j.entered_at), null, null::numeric, null, false, j.id
    from journeys j left join waiting w on w.journey_id = j.id
    where j.conversation = of and (of_stores is null or j.store_id = any(of_stores)) and (of_version is null or j.version_id = of_version) and j.ended_at is null
$$;

-- What happened in a conversation in stretches of time that are over, summed up: a row for each what, place, reason and currency, and
-- for each day on which whoever entered had come to the place before (null: never). starter/reporting/sums.py writes and reads them.
create table conversation_stretches (
    conversation text not null references conversations,
    since        timestamptz not null,
    until        timestamptz not null check (until > since),
    primary key (conversation, since, until)
);
create table conversation_sums (
    conversation text not null,
    since        timestamptz not null,
    until        timestamptz not null,
    what         text not null check (what in ('entry', 'why_not', 'revenue')),
    place        text not null,
    reason       text,
    currency     text,
    previous     timestamptz,
    times        bigint not null,
    amount       numeric(18, 4) not null,
    orders       bigint not null,
    foreign key (conversation, since, until) references conversation_stretches on delete cascade
);
create index conversation_sums_by_stretch on conversation_sums (conversation, since, until);
-- Hours of which something was told late, or told otherwise: whatever was summed up of them is forgotten with these rows.
create table told_late (
    conversation text not null,
    hour         timestamptz not null,
    -- Who came to a place then, and so came to it once more later on: their later hours are told otherwise, too.
    contact_id   text
);
create index told_late_by_hour on told_late (conversation, hour);

-- Whoever sums up a conversation, or forgets sums of it, does so alone. What is told late from then on stays noted. By index, however
-- much else there is: how many notes there are nobody has counted when a plan is made.
create function forget_told_late(of text) returns void language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('sums of ' || of, 0));
    with told as (
        delete from told_late where conversation = of returning hour, contact_id
    ), since as (
        select contact_id, min(hour) as hour from told where contact_id is not null group by 1
    ), hours as (
        select hour from told
        union
        select date_trunc('hour', e.at, 'UTC') from since
        join conversation_entries e on e.contact_id = since.contact_id and e.conversation = of and e.at >= since.hour
    )
    delete from conversation_stretches s
    where s.conversation = of
      and exists (select from hours h where h.hour > s.since - interval '1 hour' and h.hour < s.until);
end $$;

-- Late is what is told so long after it happened. A stretch is summed up when it is over for twice as long.
create function is_late(at timestamptz) returns boolean language sql stable as $$
    select at < now() - interval '10 minutes'
$$;

create function note_late(of text, at timestamptz) returns void language sql as $$
    insert into told_late (conversation, hour) select of, date_trunc('hour', at, 'UTC') where of is not null and is_late(at)
$$;

create function note_late_stay() returns trigger language plpgsql as $$
begin
    insert into told_late (conversation, hour, contact_id)
    select conversation, date_trunc('hour', new.entered_at, 'UTC'), contact_id from journeys where id = new.journey_id;
    return null;
end $$;
create trigger late_stays_are_noted after insert on path_entries for each row when (is_late(new.entered_at))
    execute function note_late_stay();

create function note_late_journey() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into told_late (conversation, hour, contact_id)
        values (new.conversation, date_trunc('hour', new.entered_at, 'UTC'), new.contact_id);
    end if;
    perform note_late(new.conversation, new.ended_at);
    return null;
end $$;
create trigger late_journeys_are_noted after insert on journeys for each row when (is_late(new.entered_at))
    execute function note_late_journey();
create trigger late_ends_are_noted after update of ended_at, reason, told_at, at_step on journeys for each row
    when (is_late(new.ended_at)
          and (new.ended_at, new.reason, new.told_at, new.at_step) is distinct from (old.ended_at, old.reason, old.told_at, old.at_step))
    execute function note_late_journey();

create function note_late_leaving() returns trigger language plpgsql as $$
begin
    perform note_late(j.conversation, j.ended_at) from journeys j where j.id = new.journey_id;
    return null;
end $$;
create trigger late_leavings_are_noted after update of state on waiting for each row
    when ((new.state = 'left') <> (old.state = 'left')) execute function note_late_leaving();

-- A message that was refused; and the end of its journey, which may have been for the same reason.
create function note_late_send() returns trigger language plpgsql as $$
begin
    perform note_late(j.conversation, m.at)
    from journeys j
    cross join lateral (values (new.settled_at), (case when tg_op = 'UPDATE' then old.settled_at end), (j.ended_at)) m (at)
    where j.id = new.journey_id;
    return null;
end $$;
create trigger late_refusals_are_noted after insert on sends for each row
    when (new.state = 'refused') execute function note_late_send();
create trigger late_outcomes_are_noted after update of state, outcome, settled_at on sends for each row
    when ('refused' in (old.state, new.state)
          and (old.state, old.outcome, old.settled_at) is distinct from (new.state, new.outcome, new.settled_at))
    execute function note_late_send();

-- For which conversations an event was considered.
create function considered_for(outcome jsonb) returns setof text language sql stable as $$
    select a.conversation from jsonb_to_recordset(outcome -> 'alerts') as c (alert text) join alerts a on a.id = c.alert
    where outcome ? 'alerts'
    union
    select c.conversation from jsonb_to_recordset(outcome -> 'conversations') as c (conversation text) where outcome ? 'conversations'
$$;

create function note_late_event() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        perform note_late(c, old.happened_at) from considered_for(old.outcome) c;
    end if;
    if tg_op <> 'DELETE' then
        perform note_late(c, new.happened_at) from considered_for(new.outcome) c;
    end if;
    return null;
end $$;
create trigger late_events_are_noted after insert on events for each row
    when (is_late(new.happened_at) and new.outcome <> '{}') execute function note_late_event();
create trigger late_answers_are_noted after update of outcome, happened_at on events for each row
    when ((is_late(new.happened_at) or is_late(old.happened_at)) and (old.outcome, old.happened_at) is distinct from (new.outcome, new.happened_at))
    execute function note_late_event();
create trigger late_forgetting_is_noted after delete on events for each row
    when (is_late(old.happened_at) and old.outcome <> '{}') execute function note_late_event();

create function note_late_credit() returns trigger language plpgsql as $$
begin
    perform note_late(j.conversation, t.ordered_at)
    from sends s join journeys j on j.id = s.journey_id
    join order_totals t on (t.store_id, t.order_id) = (new.store_id, new.order_id)
    where s.key = new.send_key;
    return null;
end $$;
create trigger late_credits_are_noted after insert on credits for each row execute function note_late_credit();

create function note_late_total() returns trigger language plpgsql as $$
begin
    perform note_late(j.conversation, m.at)
    from credits c join sends s on s.key = c.send_key join journeys j on j.id = s.journey_id
    cross join lateral (values (new.ordered_at), (old.ordered_at)) m (at)
    where (c.store_id, c.order_id) = (new.store_id, new.order_id);
    return null;
end $$;
create trigger late_totals_are_noted after update of ordered_at, currency, total, refunded, cancelled on order_totals for each row
    when ((old.ordered_at, old.currency, old.net, old.cancelled) is distinct from (new.ordered_at, new.currency, new.net, new.cancelled))
    execute function note_late_total();

-- An alert that was retired may be taken over by another conversation: what was considered for it goes along, those in line stay.
create function note_takeover() returns trigger language plpgsql as $$
begin
    delete from conversation_stretches where conversation in (old.conversation, new.conversation);
    update conversations set alert_taken_over = true where code in (old.conversation, new.conversation);
    return null;
end $$;
create trigger takeovers_are_noted after update of conversation on alerts for each row
    when (old.conversation is distinct from new.conversation) execute function note_takeover();

-- Codes that a shop made, by the list that it put them in; each is given to one person.
create table coupons (
    coupon_list text not null,
    code        text not null check (code <> '' and length(code) <= 100 and code !~ '[[:space:][:cntrl:]]'),
    added_at    timestamptz not null default now(),
    -- Reserved with this claim, and returned with it; null: free.
    claim_id    bigint unique references claims,
    -- When an order with it was first told.
    redeemed_at timestamptz
);
-- Shops do not tell letter case apart.
create unique index one_coupon_of_a_code on coupons (upper(code));
create index coupons_free on coupons (coupon_list, added_at, code) where claim_id is null and redeemed_at is null;

-- Claims for which no code was left. Their message leaves without one.
create table coupons_missing (
    claim_id    bigint primary key references claims,
    coupon_list text not null,
    missed_at   timestamptz not null default now()
);
create index coupons_missing_in_time on coupons_missing (coupon_list, missed_at);

-- A claim of an alert that gives codes takes the oldest that is free, and gives it back if it is not used.
create function reserve_coupons() returns trigger language plpgsql as $$
begin
    if not exists (
        select from new_rows n join episodes e on e.id = n.episode_id join alerts a on a.id = e.alert_id
        where a.section ->> 'coupons' is not null) then
        return null;
    end if;
    with wanted as (
        select n.id, a.section ->> 'coupons' as coupon_list, row_number() over (partition by a.section ->> 'coupons' order by n.id) as number
        from new_rows n join episodes e on e.id = n.episode_id join alerts a on a.id = e.alert_id
        where n.state = 'given' and a.section ->> 'coupons' is not null
    ), free as (
        select l.coupon_list, f.code, row_number() over (partition by l.coupon_list order by f.added_at, f.code) as number
        from (select coupon_list, count(*) as most from wanted group by 1) l
        cross join lateral (
            select c.code, c.added_at from coupons c
            where c.coupon_list = l.coupon_list and c.claim_id is null and c.redeemed_at is null
            order by c.added_at, c.code limit l.most for update skip locked) f
    ), given as (
        update coupons c set claim_id = w.id
        from wanted w join free f on f.coupon_list = w.coupon_list and f.number = w.number
        where upper(c.code) = upper(f.code)
        returning c.claim_id
    )
    insert into coupons_missing (claim_id, coupon_list)
    select id, coupon_list from wanted where id not in (select claim_id from given);
    return null;
end $$;
create trigger claims_reserve_coupons after insert on claims
    referencing new table as new_rows for each statement execute function reserve_coupons();

create function return_coupons() returns trigger language plpgsql as $$
begin
    update coupons set claim_id = null
    where redeemed_at is null and claim_id in (
        select n.id from new_rows n join old_rows o on o.id = n.id
        -- What was used is refused when its message proves to have reached nobody.
        where (o.state = 'given' and n.state in ('returned', 'refused', 'lapsed')) or (o.state = 'used' and n.state = 'refused'));
    return null;
end $$;
create trigger claims_return_coupons after update on claims
    referencing old table as old_rows new table as new_rows for each statement execute function return_coupons();

-- Links of messages to pages of the shop, each of one message. Kept before the ledger has the message.
create table links (
    token      text primary key check (token ~ '^[a-z2-7]{16}$'),
    send_key   text not null,
    journey_id text not null references journeys check (starts_with(send_key, journey_id || '/')),
    -- Null: it is the picture by which an open is known.
    target     text check (target ~ '^https?://'),
    made_at    timestamptz not null default now()
);
create unique index one_link_to_a_target on links (send_key, coalesce(target, ''));
create index links_by_journey on links (journey_id);

-- Each time that one was asked for.
create table link_uses (
    id      bigint generated always as identity primary key,
    token   text not null references links on delete cascade,
    used_at timestamptz not null default now(),
    -- What asked, if it was certainly no person.
    machine text check (machine in ('head', 'robot', 'proxy', 'prefetch'))
);
create index link_uses_by_token on link_uses (token, used_at);
create index link_uses_oldest on link_uses (used_at);
create index links_oldest on links (made_at);
create trigger link_uses_are_never_changed before update on link_uses for each row execute function refuse_change();

-- Whether a link was asked for by a scanner: another link of its message was in the same two seconds, or the message
-- had not left for so long yet, that anybody could have read it.
create function is_a_scan(l links, at timestamptz) returns boolean language sql stable as $$
    select exists (
            select from links o join link_uses u on u.token = o.token
            where o.send_key = l.send_key and o.token <> l.token and o.target is not null
              and u.used_at between at - interval '2 seconds' and at + interval '2 seconds')
        or not exists (
            select from sends s
            where s.key = l.send_key and s.state in ('sent', 'unknown') and s.settled_at < at - interval '2 seconds')
$$;

-- What a contact ($1) did with the links and pictures of ours in messages; not what machines did.
create function own_touches(text) returns table (send_key text, touch text, at timestamptz) language sql stable as $$
    select l.send_key, case when l.target is null then 'opened' else 'clicked' end, u.used_at
    from journeys j join links l on l.journey_id = j.id join link_uses u on u.token = l.token
    where j.contact_id = $1 and u.machine is null and (l.target is null or not is_a_scan(l, u.used_at))
$$;

-- What a contact ($1) did with messages: opened or clicked by people, as somebody told, and `delivered`: it was handed over.
-- Whatever counts as engagement for credits is in here and nowhere else.
create function touches(text) returns table (send_key text, touch text, at timestamptz) language sql stable as $$
    select s.key, 'delivered', s.settled_at
    from journeys j join sends s on s.journey_id = j.id and s.state = 'sent' and s.told_with is null where j.contact_id = $1
    union all
    select s.key, case e.kind when 'opened_message' then 'opened' else 'clicked' end, e.happened_at
    from events e join sends s on s.journey_id = split_part(e.message_id, '.', 1) and replace(s.key, '/', '.') = split_part(e.message_id, '@', 1)
    where e.contact_id = $1 and e.kind in ('opened_message', 'clicked_message') and e.message_id like 'j-%'
    union all
    select send_key, touch, at from own_touches($1)
$$;

-- Feedback: what providers tell of messages that left, and what people write back ------------------------------------

-- Each event of a provider once, of our messages and our contacts only. It holds no address and no words: whose it is says the id.
create table message_events (
    id          bigint generated always as identity primary key,
    provider    text not null check (provider <> ''),
    -- The provider's own id, or one made of what identifies the event.
    event_id    text not null check (length(event_id) between 1 and 300),
    kind        text not null check (kind in (
        'accepted', 'delivered', 'deferred', 'soft_bounced', 'bounced', 'suppressed', 'failed', 'rendering_failed', 'sender_at_fault',
        'complained', 'opened', 'machine_opened', 'clicked', 'machine_clicked', 'unsubscribed',
        'said_stop', 'said_start', 'said_help', 'said_something')),
    channel     text not null check (channel <> ''),
    -- The message it is about; null: somebody wrote to us, or it is not told which.
    send_key    text references sends,
    -- Null: nobody is known by the address any more, or yet.
    contact_id  text references contacts,
    -- The provider's or SMTP's.
    code        text check (length(code) <= 40),
    -- Of a click: a digest of the address that was followed.
    link        text,
    -- By the provider's clock, never later than now.
    happened_at timestamptz not null,
    received_at timestamptz not null default now(),
    unique (provider, event_id)
);
create index message_events_of_message on message_events (send_key, kind, happened_at) where send_key is not null;
create index message_events_at_fault on message_events (received_at) where kind = 'sender_at_fault';
create index message_events_of_contact on message_events (contact_id) where contact_id is not null;
create trigger message_events_are_never_deleted before delete on message_events for each row execute function refuse_change();
-- But a click proves to be a scanner's when the others come that were made with it.
create trigger message_events_are_append_only before update on message_events for each row
    when (old.kind <> 'clicked' or new.kind <> 'machine_clicked'
          or (new.id, new.provider, new.event_id, new.channel, new.send_key, new.contact_id, new.code, new.link, new.happened_at, new.received_at)
          is distinct from
             (old.id, old.provider, old.event_id, old.channel, old.send_key, old.contact_id, old.code, old.link, old.happened_at, old.received_at))
    execute function refuse_change();

-- How far an event of this kind shows a message to have come; null: it says nothing of that. What was read has arrived. A
-- failure outweighs what was told before or after it: a server may take a message and send it back later.
create function way_of(kind text) returns integer language sql immutable as $$
    select case kind
        when 'accepted' then 1 when 'deferred' then 2 when 'soft_bounced' then 3
        when 'delivered' then 4 when 'opened' then 4 when 'machine_opened' then 4 when 'clicked' then 4
        when 'machine_clicked' then 4 when 'complained' then 4 when 'unsubscribed' then 4
        when 'failed' then 5 when 'rendering_failed' then 5 when 'suppressed' then 5 when 'sender_at_fault' then 5
        when 'bounced' then 6 end
$$;

-- What became of each message that left, or perhaps did, in its own mail: what reports count of it. `told`: how much it told of. The version
-- is the one that its journey goes by now.
create view messages_that_left as
    select s.key as send_key, quarter_of(s.settled_at) as quarter, j.conversation, coalesce(j.alert_id, '') as alert_id, j.version_id, j.store_id,
           s.step, s.message, 1 as sent, 1 + (select count(*) from sends w where w.told_with = s.key)::integer as told,
           (s.state = 'unknown')::integer as unknown, (e.way is not distinct from 4)::integer as delivered, coalesce(e.way >= 5, false)::integer as bounced,
           e.opened::integer as opened, (e.machine_opened and not e.opened)::integer as machine_opened,
           e.clicked::integer as clicked, (e.machine_clicked and not e.clicked)::integer as machine_clicked,
           e.complained::integer as complained, e.unsubscribed::integer as unsubscribed
    from sends s
    join journeys j on j.id = s.journey_id
    cross join lateral (
        select max(way_of(kind)) as way,
               coalesce(bool_or(kind = 'opened'), false) as opened, coalesce(bool_or(kind = 'machine_opened'), false) as machine_opened,
               coalesce(bool_or(kind = 'clicked'), false) as clicked, coalesce(bool_or(kind = 'machine_clicked'), false) as machine_clicked,
               coalesce(bool_or(kind = 'complained'), false) as complained, coalesce(bool_or(kind = 'unsubscribed'), false) as unsubscribed
        from message_events where send_key = s.key
    ) e
    where s.settled_at is not null and (s.state in ('sent', 'unknown') or s.resolved_at is not null) and s.told_with is null;

-- Each of them as it was counted last, and the sums of each quarter of an hour. What changes of a message is noted by triggers, and
-- counted before anybody reads (`count_messages`), by one at a time: so whoever tells of a message waits for nobody.
create table counted_messages (
    send_key text primary key references sends,
    quarter timestamptz not null, conversation text not null, alert_id text not null, version_id text not null, store_id text not null,
    step text not null, message text not null,
    sent integer not null, told integer not null, unknown integer not null, delivered integer not null, bounced integer not null, opened integer not null, machine_opened integer not null, clicked integer not null, machine_clicked integer not null, complained integer not null, unsubscribed integer not null
);
create table message_sums (
    quarter timestamptz not null, conversation text not null,
    -- Empty: of none.
    alert_id text not null, version_id text not null, store_id text not null, step text not null, message text not null,
    sent bigint not null, told bigint not null, unknown bigint not null, delivered bigint not null, bounced bigint not null, opened bigint not null, machine_opened bigint not null, clicked bigint not null, machine_clicked bigint not null, complained bigint not null, unsubscribed bigint not null,
    primary key (quarter, conversation, alert_id, version_id, store_id, step, message)
);
create table messages_to_count (
    send_key   text,
    -- All of this journey.
    journey_id text,
    check (num_nonnulls(send_key, journey_id) = 1)
);

-- By index, as `forget_told_late`.
create function count_messages() returns void language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('count messages', 0));
    with noted as (
        delete from messages_to_count returning send_key, journey_id
    ), keys as (
        select send_key from noted where send_key is not null
        union
        select key from sends where journey_id in (select journey_id from noted)
    ), before as (
        select c.* from counted_messages c join keys using (send_key)
    ), after as (
        select m.* from messages_that_left m join keys using (send_key)
    ), gone as (
        delete from counted_messages where send_key in (select send_key from before except select send_key from after)
    ), kept as (
        insert into counted_messages select * from after
        on conflict (send_key) do update
        set (quarter, conversation, alert_id, version_id, store_id, step, message, sent, told, unknown, delivered, bounced, opened, machine_opened, clicked, machine_clicked, complained, unsubscribed)
            = (excluded.quarter, excluded.conversation, excluded.alert_id, excluded.version_id, excluded.store_id, excluded.step, excluded.message, excluded.sent, excluded.told, excluded.unknown, excluded.delivered, excluded.bounced, excluded.opened, excluded.machine_opened, excluded.clicked, excluded.machine_clicked, excluded.complained, excluded.unsubscribed)
    )
    insert into message_sums as m
    select quarter, conversation, alert_id, version_id, store_id, step, message, sum(n * sent), sum(n * told), sum(n * unknown), sum(n * delivered), sum(n * bounced), sum(n * opened), sum(n * machine_opened), sum(n * clicked), sum(n * machine_clicked), sum(n * complained), sum(n * unsubscribed)
    from (select *, 1 as n from after union all select *, -1 from before) changed
    group by quarter, conversation, alert_id, version_id, store_id, step, message
    on conflict (quarter, conversation, alert_id, version_id, store_id, step, message) do update
    set sent = m.sent + excluded.sent, told = m.told + excluded.told, unknown = m.unknown + excluded.unknown, delivered = m.delivered + excluded.delivered, bounced = m.bounced + excluded.bounced, opened = m.opened + excluded.opened, machine_opened = m.machine_opened + excluded.machine_opened, clicked = m.clicked + excluded.clicked, machine_clicked = m.machine_clicked + excluded.machine_clicked, complained = m.complained + excluded.complained, unsubscribed = m.unsubscribed + excluded.unsubscribed;
end $$;

create function note_message() returns trigger language plpgsql as $$
begin
    insert into messages_to_count (send_key)
    select key from unnest(array[new.key, new.told_with, case when tg_op = 'UPDATE' then old.told_with end]) key where key is not null;
    return null;
end $$;
create trigger messages_are_noted after insert on sends for each row
    when (new.settled_at is not null or new.told_with is not null) execute function note_message();
create trigger outcomes_are_noted after update of state, settled_at, resolved_at, told_with on sends for each row
    when ((new.state, new.settled_at, new.resolved_at, new.told_with) is distinct from (old.state, old.settled_at, old.resolved_at, old.told_with)
          and (num_nonnulls(new.settled_at, old.settled_at) > 0 or new.told_with is distinct from old.told_with))
    execute function note_message();

create function note_message_event() returns trigger language plpgsql as $$
begin
    insert into messages_to_count (send_key) values (new.send_key);
    return null;
end $$;
create trigger message_events_are_noted after insert or update of kind on message_events for each row
    when (new.send_key is not null) execute function note_message_event();

create function note_messages_of_move() returns trigger language plpgsql as $$
begin
    insert into messages_to_count (journey_id) values (new.id);
    return null;
end $$;
create trigger moves_are_noted after update of version_id on journeys for each row
    when (old.version_id <> new.version_id) execute function note_messages_of_move();

-- What has become of a message ($1, of the ledger) by all that its provider told; null: nothing was told. The furthest that
-- any event shows, so it is the same in whatever order and however often they come, and never steps back.
create function delivery_state(text) returns text language sql stable as $$
    select (array['accepted', 'deferred', 'soft_bounced', 'delivered', 'failed', 'bounced'])[max(way_of(kind))]
    from message_events where send_key = $1
$$;

-- Texts that may mean a no, each until a person has read it and said so: people may take consent back in any reasonable way.
create table revocations (
    id          bigint generated always as identity primary key,
    event_id    bigint not null unique references message_events,
    channel     text not null,
    -- Who wrote it, and what; both null once they are erased.
    address     text,
    said        text check (length(said) <= 2000),
    -- It reads like a no.
    likely      boolean not null,
    received_at timestamptz not null default now(),
    -- By then a no has to be kept to: ten business days.
    due_at      timestamptz not null check (due_at > received_at),
    decision    text check (decision in ('confirmed', 'dismissed')),
    decided_at  timestamptz,
    decided_by  text,
    check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null)),
    check ((address is null) = (said is null))
);
create index revocations_open on revocations (due_at) where decision is null;
create index revocations_by_address on revocations (address) where address is not null;

-- The ledger of what is replied to the words STOP and HELP, where the provider does not: one row for the text it replies to.
create table replies (
    event_id    bigint primary key references message_events,
    kind        text not null check (kind in ('stop', 'help')),
    -- Of the number, by which it is known again; the number itself goes when it is settled, within minutes.
    digest      bytea not null,
    address     text,
    state       text not null default 'ready' check (state in ('ready', 'sending', 'sent', 'refused', 'unknown', 'left')),
    holder      uuid,
    lease_until timestamptz,
    next_at     timestamptz not null default now(),
    -- Five minutes after the text.
    give_up_at  timestamptz not null,
    made_at     timestamptz not null default now(),
    settled_at  timestamptz,
    -- Since then the same word of the same number is a new one.
    ended_at    timestamptz,
    check ((state in ('ready', 'sending')) = (address is not null)),
    check ((address is null) = (settled_at is not null)),
    check ((state = 'sending') = (lease_until is not null) and (holder is null) = (lease_until is null))
);
-- One reply, however often and at once somebody says it.
create unique index replies_once on replies (kind, digest) where ended_at is null;
create index replies_open on replies (give_up_at) where state in ('ready', 'sending');

-- Senders that are at fault: nothing leaves by them until somebody has mended that and resumed what waits. What a From
-- address is stopped for, or the whole account, and which message or reply found it.
create table stopped_senders (
    channel    text not null check (channel <> ''),
    -- As lists name it; empty: the installation's own. Null: every sender of the channel.
    sender     text,
    why        text not null,
    found_by   text references sends,
    found_by_reply bigint references replies,
    stopped_at timestamptz not null default now(),
    check (num_nonnulls(found_by, found_by_reply) = 1)
);
create unique index stopped_senders_once on stopped_senders (channel, coalesce(sender, '*'));

-- Lines that are moved: everyone who waits for the one subject comes to wait for the other, with their places ----------

-- Each as it was asked for. The shelf of the line that is left carries it out in batches (activities/waitlist/line_moves.py).
create table line_moves (
    id           bigint generated always as identity primary key,
    store_id     text not null references stores,
    from_subject text not null,
    to_subject   text not null,
    -- The line of this alert; null: of every alert.
    alert_id     text references alerts,
    requested_by text not null,
    -- Begun by the shelf, for what is left is gone for good and this is its successor; it ends where that comes back.
    standing     boolean not null default false,
    created_at   timestamptz not null default now(),
    finished_at  timestamptz,
    check (from_subject <> to_subject),
    check (not standing or alert_id is null),
    -- A variant's line to a variant's, a product's to a product's: an alert watches one of the two.
    check (split_part(from_subject, '/', 1) = split_part(to_subject, '/', 1))
);
create unique index one_move_of_a_line on line_moves (store_id, from_subject, coalesce(alert_id, '')) where finished_at is null;

-- Everyone who was moved, or left the line instead; written with the change of their place, so that each stands in one line.
create table moved_places (
    id           bigint generated always as identity primary key,
    journey_id   text not null references journeys,
    -- Null: they signed up for what was gone already, and wait for its successor.
    move_id      bigint references line_moves,
    from_subject text not null,
    to_subject   text not null,
    at           timestamptz not null default clock_timestamp(),
    -- Why they left the line and wait in neither by this journey; null: they wait in the other.
    reason       text,
    check (move_id is not null or reason is null)
);
create index moved_places_of_journey on moved_places (journey_id, id);
create index moved_places_of_move on moved_places (move_id, reason) where move_id is not null;

-- When a journey was moved with its line, from what to what, and by whom, in order; by nobody: it entered so.
create function moves_of(journey text) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'from_subject', p.from_subject, 'to_subject', p.to_subject, 'at', p.at, 'by', m.requested_by, 'reason', p.reason)
        order by p.id), '[]')
    from moved_places p left join line_moves m on m.id = p.move_id where p.journey_id = journey
$$;

-- What a contact asked for first, in words, where their line was moved since: the variant's title if that is all that is
-- different, or else the product's. Null: they wait for what they asked for.
create function instead_of(j journeys) returns text language sql stable as $$
    select case when first.product_id = j.product_id then v.title else p.title end
    from (
        select from_subject, product_of(j.store_id, from_subject) as product_id from moved_places
        where journey_id = j.id and reason is null order by id limit 1) first
    join products p on p.store_id = j.store_id and p.product_id = first.product_id
    left join variants v on v.store_id = j.store_id and 'variant/' || v.variant_id = first.from_subject
    where first.from_subject <> j.subject
$$;

-- The place that the same contact has in the line of another subject, by the same alert.
create function place_in_line_of(w waiting, target text) returns setof waiting language sql stable rows 1 as $$
    select o.* from waiting o
    where o.alert_id = w.alert_id and o.contact_id = w.contact_id and o.store_id = w.store_id and o.subject = target
      and o.state in ('waiting', 'claimed')
$$;

-- Those of a line (of these journeys; null: all) who do not come to wait for another subject when it is moved there, and why not; as
-- whoever enters is asked (entry_facts in activities/waitlist/entry.sql). A place there that does not count yet, or that they are
-- about to leave, keeps nobody back. Asked of all at once: a line may have a million people, and a batch is few of them, so each
-- time it is planned for how many are asked about.
create function not_moved(of_store text, line text, of_alert text, target text, journeys_of text[])
returns table (journey_id text, reason text) language sql stable set plan_cache_mode = force_custom_plan as $$
    with w as materialized (
        select w.journey_id, w.contact_id, w.type, w.entered_at, w.passed_over_for
        from waiting w
        where journeys_of is null and w.store_id = of_store and w.subject = line and w.alert_id = of_alert and w.state = 'waiting'
        union all
        select w.journey_id, w.contact_id, w.type, w.entered_at, w.passed_over_for
        from waiting w
        where w.journey_id = any(journeys_of) and w.store_id = of_store and w.subject = line and w.alert_id = of_alert
          and w.state = 'waiting'
    ), there as (
        select w.journey_id
        from w
        join waiting o on o.alert_id = of_alert and o.contact_id = w.contact_id and o.store_id = of_store and o.subject = target
                      and o.state in ('waiting', 'claimed')
        join journeys j on j.id = o.journey_id
        where why_leaving(j) is null
              and (o.passed_over_for is distinct from 'not_confirmed' or w.passed_over_for is not distinct from 'not_confirmed')
           or exists (select from sends s where s.journey_id = j.id and s.state = 'sending')
    ), told as (
        select w.journey_id
        from w
        join waiting o on o.contact_id = w.contact_id and o.type = w.type and o.store_id = of_store
                      and o.subject = any(array(select subject from subjects_of_thing(of_store, target)))
        join claims c on c.journey_id = o.journey_id and c.settled_at >= w.entered_at
                     and (c.state = 'used' or c.lapsed_reason is not null)
        join episodes e on e.alert_id = of_alert and e.store_id = of_store and e.subject = target
                       and e.closed_at is null and e.opened_at <= c.settled_at
        where exists (select from alerts a where a.id = of_alert and a.measure = 'nothing')
    ), bought as (
        select w.journey_id
        from w
        join orders o on o.contact_id = w.contact_id and o.store_id = of_store and not o.cancelled and o.ordered_at >= w.entered_at
        where o.product_id = (select product_of(of_store, target)) or 'variant/' || o.variant_id = target
    )
    select distinct on (journey_id) journey_id, reason from (
        select journey_id, 'there_already' as reason, 1 as nth from there
        union all select journey_id, 'told_already', 2 from told
        union all select journey_id, 'purchased', 3 from bought
    ) reasons
    order by journey_id, nth
$$;

-- Whether the store has it, gone or not.
create function is_known(store text, what text) returns boolean language sql stable as $$
    select case when what like 'product/%' then exists (select from products where store_id = store and product_id = substr(what, 9))
                else what like 'variant/%' and exists (select from variants where store_id = store and variant_id = substr(what, 9)) end
$$;

-- What a variant or product names as its successor: once it is gone for good, its waiters wait for that instead.
create table successors (
    store_id  text not null references stores,
    subject   text not null,
    successor text not null,
    named_by  text not null,
    named_at  timestamptz not null default clock_timestamp(),
    primary key (store_id, subject),
    constraint successors_are_of_one_level check (split_part(subject, '/', 1) = split_part(successor, '/', 1)),
    constraint successors_are_others check (subject <> successor)
);
create index successors_by_successor on successors (store_id, successor);

-- One hop, to what the store has. Of two who name successors in one store one waits, so that each sees the other's.
create function check_successor() returns trigger language plpgsql as $$
declare
    each text;
    another text;
begin
    perform from stores where id = new.store_id for no key update;
    foreach each in array array[new.subject, new.successor] loop
        if not is_known(new.store_id, each) then
            raise exception using errcode = 'check_violation', constraint = 'successors_are_known', message =
                case when exists (select from stores s where is_known(s.id, each)) then format('%s is of another store than %s.', each, new.store_id)
                     else format('%s has no %s.', new.store_id, each) end;
        end if;
    end loop;
    select s.successor into another from successors s where s.store_id = new.store_id and s.subject = new.successor;
    if another = new.subject then
        raise exception using errcode = 'check_violation', constraint = 'successors_are_one_hop', message =
            format('%s names %s as its own successor: that would lead around in a circle.', new.successor, new.subject);
    elsif another is not null then
        raise exception using errcode = 'check_violation', constraint = 'successors_are_one_hop', message =
            format('%s has a successor itself, %s: name that one.', new.successor, another);
    end if;
    select s.subject into another from successors s where s.store_id = new.store_id and s.successor = new.subject order by 1 limit 1;
    if another is not null then
        raise exception using errcode = 'check_violation', constraint = 'successors_are_one_hop', message =
            format('%s is the successor of %s: let that name %s first.', new.subject, another, new.successor);
    end if;
    return null;
end $$;
create constraint trigger successors_are_one_hop after insert or update on successors for each row execute function check_successor();

-- The variant of a product that another variant's waiters wait for where only the product is named: the one with its SKU, or else
-- the one with its title; null: there is none, or several.
create function variant_like(store text, variant text, of_product text) returns text language sql stable as $$
    select case when count(*) = 1 then min(t.variant_id) end
    from variants v join variants t on t.store_id = store and t.product_id = of_product and not t.removed
    where v.store_id = store and v.variant_id = variant
      and case when v.sku <> '' and exists (
                   select from variants o where o.store_id = store and o.product_id = of_product and not o.removed and o.sku = v.sku)
               then t.sku = v.sku else t.title = v.title end
$$;

-- What those who wait for a subject wait for once it is gone for good: its own successor, or else the variant of its product's
-- successor that is like it. Null: nothing that is there still; they are told that it is gone. One hop, whatever that names.
create function successor_of(store text, what text) returns text language sql stable as $$
    select named.successor
    from (
        select 1 as rank, s.successor from successors s where s.store_id = store and s.subject = what
        union all
        select 2, 'variant/' || variant_like(store, substr(what, 9), substr(s.successor, 9))
        from successors s
        where what like 'variant/%' and s.store_id = store and s.subject = 'product/' || product_of(store, what)
    ) named
    where named.successor is not null and not is_gone(store, named.successor)
    order by named.rank limit 1
$$;

-- Bulk operations, the outbox, and what operators do -----------------------------------------------------------------

-- Operations on many journeys at once.
create table operations (
    id           bigint generated always as identity primary key,
    kind         text not null check (kind in ('move', 'end')),
    conversation text not null references conversations,
    to_version   text references versions,
    requested_by text not null,
    why          text,
    created_at   timestamptz not null default now(),
    finished_at  timestamptz,
    cancelled_at timestamptz,
    cancelled_by text,
    check ((kind = 'move') = (to_version is not null)),
    check ((cancelled_at is null) = (cancelled_by is null))
);

-- The journeys of each operation. The latest operation on a journey holds. Superseded by its own: the operation was cancelled first.
create table operation_journeys (
    operation_id  bigint not null references operations,
    journey_id    text not null references journeys,
    from_version  text not null references versions,
    asked_at      timestamptz,
    done_at       timestamptz,
    superseded_by bigint references operations,
    primary key (operation_id, journey_id)
);
create index operation_journeys_to_ask on operation_journeys (operation_id, journey_id) where asked_at is null;
create index operation_journeys_unsettled on operation_journeys (journey_id)
    where done_at is null and superseded_by is null;

-- What is still to be told to Temporal: by priority, the stores of one in turn, those of a store in order.
create table outbox (
    id           bigint generated always as identity primary key,
    -- Set by outbox_is_queued. As Temporal's, a lower number goes first.
    priority     smallint not null check (priority in (2, 3, 5)),
    kind         text not null check (kind in (
        'start_journey', 'look_again', 'leave', 'broadcast', 'contact_event', 'intervene', 'run_bulk')),
    journey_id   text references journeys,
    -- Whose turn it is; empty: of no store.
    store_id     text not null,
    subject      text,
    operation_id bigint references operations,
    reason       text,
    message      text,
    -- What the signal says, for kinds that say more than a reason or a message.
    payload      jsonb,
    created_at   timestamptz not null default now(),
    attempts     integer not null default 0,
    next_at      timestamptz not null default now(),
    last_error   text,
    parked_at    timestamptz,
    check ((kind in ('look_again', 'run_bulk')) = (journey_id is null)),
    check ((kind = 'look_again') = (subject is not null)),
    check ((kind = 'leave') = (reason is not null)),
    check ((kind = 'broadcast') = (message is not null)),
    check ((kind = 'run_bulk') = (operation_id is not null)),
    check ((kind in ('contact_event', 'intervene')) = (payload is not null))
);
create index outbox_due on outbox (priority, store_id, next_at, id) where parked_at is null;
create index outbox_by_journey on outbox (journey_id) where journey_id is not null;

-- What somebody waits for goes first: a unit may be sold any moment, who leaves must not be written to, and who did
-- something or pressed a button looks for what comes of it. Then who enters now; last what there is much of at once.
create function set_queue() returns trigger language plpgsql as $$
declare
    journey journeys;
begin
    if new.journey_id is not null then
        select * into journey from journeys where id = new.journey_id;
    end if;
    new.store_id := coalesce(new.store_id, journey.store_id, '');
    new.priority := case
        when new.kind in ('look_again', 'leave', 'contact_event', 'intervene') then 2
        when new.kind = 'start_journey' and not journey.late then 3
        else 5 end;
    return new;
end $$;
create trigger outbox_is_queued before insert on outbox for each row execute function set_queue();

-- Says the first priority that came, so that every dispatcher knows of what is urgent. Nothing, where none came: a commit
-- with a notification waits for all others that have one.
create function wake_dispatcher() returns trigger language plpgsql as $$
begin
    perform pg_notify('shelftalk_outbox', min(priority)::text) from new_rows having count(*) > 0;
    return null;
end $$;
create trigger outbox_wakes_the_dispatcher after insert on outbox referencing new table as new_rows
    for each statement execute function wake_dispatcher();

-- Keys of the HTTP API, hashed.
create table api_keys (
    name         text primary key check (name !~ '[[:cntrl:]]'),
    hash         bytea not null unique,
    -- What the key opens; admin: everything.
    scopes       text[] not null check (cardinality(scopes) > 0 and scopes <@ array['events', 'read', 'send', 'publish', 'admin']),
    -- The stores it is for; null: all.
    stores       text[] check (cardinality(stores) > 0),
    created_at   timestamptz not null default now(),
    expires_at   timestamptz check (expires_at > created_at),
    -- To a few minutes, so that a key in use does not write at every request.
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- Runs of the reconciliation, and what each found.
create table reconciliations (
    id          bigint generated always as identity primary key,
    started_at  timestamptz not null default now(),
    finished_at timestamptz,
    report      jsonb
);

-- Runs of retention, and what each forgot.
create table retention_runs (
    id          bigint generated always as identity primary key,
    finished_at timestamptz not null default now(),
    report      jsonb not null
);

-- Who did what by hand.
create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    actor   text not null,
    action  text not null,
    details jsonb not null default '{}'
);
-- When senders were resumed: what left by them before then stops them no more.
create index audit_of_resumed_senders on audit (at) where action = 'resume sender';
-- The audit by who did it and by what was done, the newest first.
create index audit_by_actor on audit (actor, id);
create index audit_by_action on audit (action, id);
-- Who looked at a contact, or was shown them among those found: once for each hour.
create unique index audit_of_looks on audit (actor, action, (details ->> 'contact'), (date_trunc('hour', at at time zone 'UTC')))
    where action in ('look at contact', 'find contact');
create trigger audit_is_append_only before update or delete on audit for each row execute function refuse_change();

-- Users: who works here, and what they may -----------------------------------------------------------------------------

-- Who signs in to the console. Contacts are other people.
create table users (
    id            text primary key check (id ~ '^u-[0-9a-f]{28}$'),
    email         text not null check (email ~ '^[^@\s]+@[^@\s]+$' and length(email) <= 254),
    name          text not null check (name = btrim(name) and length(name) between 1 and 100 and name !~ '[[:cntrl:]]'),
    -- Argon2id; null: they have not chosen a password so far.
    password_hash text check (password_hash like '$argon2id$%'),
    language      text not null default 'en' check (language in ('en', 'de')),
    time_zone     text not null default 'UTC' check (length(time_zone) between 1 and 64),
    created_at    timestamptz not null default now(),
    signed_in_at  timestamptz,
    -- Who is disabled cannot sign in, and has no session.
    disabled_at   timestamptz
);
create unique index users_by_email on users (lower(email));

-- The role that a user has in one store, or in all.
create table grants (
    user_id    text not null references users,
    role       text not null check (role in ('viewer', 'support', 'editor', 'publisher', 'admin')),
    -- Null: all stores, also those to come.
    store_id   text check (store_id <> '' and length(store_id) <= 255),
    granted_at timestamptz not null default now()
);
create unique index one_grant_for_a_store on grants (user_id, coalesce(store_id, ''));

-- Browsers in which users are signed in.
create table sessions (
    id           bigint generated always as identity primary key,
    user_id      text not null references users on delete cascade,
    -- SHA-256 of the random token in the cookie.
    token_hash   bytea not null unique check (octet_length(token_hash) = 32),
    created_at   timestamptz not null default now(),
    -- To a few minutes, so that a session in use does not write at every request.
    last_used_at timestamptz not null default now(),
    browser      text not null check (length(browser) <= 60),
    -- Of the address that it was begun from; never the address.
    network      text not null check (length(network) <= 60),
    -- What was shown for it.
    way          text not null check (way in ('password', 'second_factor', 'passkey', 'identity_provider'))
);
create index sessions_of on sessions (user_id);

-- Apps that show a code every half minute.
create table authenticators (
    user_id      text primary key references users on delete cascade,
    -- The secret that app and server share, encrypted.
    sealed       bytea not null check (octet_length(sealed) between 1 and 1000),
    created_at   timestamptz not null default now(),
    -- Null: no code of it was seen so far, and it counts for nothing.
    confirmed_at timestamptz,
    -- The half minute, counted from 1970, of the last code that was taken: no code is taken twice.
    last_step    bigint check (last_step > 0),
    check ((confirmed_at is null) = (last_step is null))
);
-- A code that was taken is never taken again, whoever asks.
create function refuse_earlier_step() returns trigger language plpgsql as $$
begin
    if new.last_step is null or new.last_step <= old.last_step then
        raise exception 'a code is taken once' using errcode = 'check_violation', constraint = 'a_code_is_taken_once';
    end if;
    return new;
end $$;
create trigger a_code_is_taken_once before update of last_step on authenticators for each row
    when (old.last_step is not null) execute function refuse_earlier_step();

-- For who lost their app: each is good once.
create table recovery_codes (
    user_id    text not null references users on delete cascade,
    -- SHA-256 of the user's id and 80 random bits.
    code_hash  bytea not null check (octet_length(code_hash) = 32),
    created_at timestamptz not null default now(),
    used_at    timestamptz,
    primary key (user_id, code_hash)
);

-- Key pairs that devices of users keep for the console alone.
create table passkeys (
    id            bigint generated always as identity primary key,
    user_id       text not null references users on delete cascade,
    -- By which devices and browsers know it.
    credential_id bytea not null unique check (octet_length(credential_id) between 1 and 1023),
    public_key    bytea not null check (octet_length(public_key) between 1 and 4096),
    -- How often it signed, as its device counts; 0: it does not count.
    sign_count    bigint not null check (sign_count >= 0),
    name          text not null check (name = btrim(name) and length(name) between 1 and 60 and name !~ '[[:cntrl:]]'),
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz
);
create index passkeys_of on passkeys (user_id);
-- A device whose count goes back was copied.
create function refuse_earlier_count() returns trigger language plpgsql as $$
begin
    if new.sign_count < old.sign_count or (new.sign_count = old.sign_count and old.sign_count > 0) then
        raise exception 'a passkey counts on' using errcode = 'check_violation', constraint = 'a_passkey_counts_on';
    end if;
    return new;
end $$;
create trigger a_passkey_counts_on before update of sign_count on passkeys for each row
    execute function refuse_earlier_count();

-- What a device is asked to sign, once.
create table passkey_challenges (
    challenge  bytea primary key check (octet_length(challenge) = 32),
    purpose    text not null check (purpose in ('register', 'sign_in', 'second_factor')),
    -- Whose passkey it is to be; null: anybody's, who signs in without a password.
    user_id    text references users on delete cascade,
    expires_at timestamptz not null,
    check ((purpose = 'sign_in') = (user_id is null))
);
create index ended_passkey_challenges on passkey_challenges (expires_at);
create index passkey_challenges_of on passkey_challenges (user_id);

-- Whose password alone lets nobody in.
create view second_factors as
    select user_id from authenticators where confirmed_at is not null
    union
    select user_id from passkeys;

-- Who a user is to the company's identity provider.
create table identities (
    issuer    text not null check (length(issuer) between 1 and 2000),
    -- Their id there, which never changes, as addresses do.
    subject   text not null check (length(subject) between 1 and 255),
    user_id   text not null references users on delete cascade,
    linked_at timestamptz not null default now(),
    primary key (issuer, subject)
);
-- Whoever is given the address of somebody who left is not them.
create unique index one_identity_of_a_provider on identities (user_id, issuer);

-- Sign-ins that were begun there. State, nonce and verifier are made of the token, which the browser keeps.
create table identity_requests (
    -- SHA-256 of the random token in the cookie of the one browser that it is of.
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    -- The page of the console that follows.
    leads_to   text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null check (expires_at > created_at)
);
create index ended_identity_requests on identity_requests (expires_at);

-- Sign-ins with the right password, whose second factor is still to come. They grant nothing.
create table pending_sign_ins (
    -- SHA-256 of the random token in the cookie of the one browser that it is of.
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    user_id    text not null references users on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null check (expires_at > created_at)
);
create index pending_sign_ins_of on pending_sign_ins (user_id);
create index ended_pending_sign_ins on pending_sign_ins (expires_at);

-- Links that are good once: for the first admin, for who was invited, and to choose another password.
create table sign_in_links (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    purpose    text not null check (purpose in ('first_admin', 'invitation', 'reset')),
    user_id    text references users on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null check (expires_at > created_at),
    used_at    timestamptz,
    check ((purpose = 'first_admin') = (user_id is null))
);
-- A new link is instead of the one before.
create unique index one_unused_link on sign_in_links (coalesce(user_id, '')) where used_at is null;

-- How often somebody tried to sign in, since the first of these times: to one account from one network, to one account, and
-- from one network. Kept by a hash, for what was typed as an address may be anything.
create table sign_in_attempts (
    counted_hash bytea primary key check (octet_length(counted_hash) = 32),
    since        timestamptz not null,
    attempts     integer not null check (attempts >= 0)
);
create index old_sign_in_attempts on sign_in_attempts (since);

-- Whoever may do everything, and can sign in to do it.
create view admins as
    select u.id from users u
    where u.disabled_at is null and u.password_hash is not null
      and exists (select from grants g where g.user_id = u.id and g.role = 'admin' and g.store_id is null);

-- Once there is an admin, there always is one: else nobody could ever let anybody in again.
create function require_an_admin() returns void language plpgsql as $$
begin
    -- Two admins who demote each other at the same time: the second waits here, and then sees what the first did.
    perform pg_advisory_xact_lock(hashtext('require_an_admin'));
    if not exists (select from admins) then
        raise exception 'the last admin stays' using errcode = 'check_violation', constraint = 'an_admin_stays';
    end if;
end $$;

create function keep_an_admin_granted() returns trigger language plpgsql as $$
begin
    if exists (select from users where id = old.user_id and disabled_at is null and password_hash is not null) then
        perform require_an_admin();
    end if;
    return null;
end $$;
create trigger an_admin_stays_granted after update or delete on grants for each row
    when (old.role = 'admin' and old.store_id is null) execute function keep_an_admin_granted();

create function keep_an_admin_able() returns trigger language plpgsql as $$
begin
    if exists (select from grants where user_id = old.id and role = 'admin' and store_id is null) then
        perform require_an_admin();
    end if;
    return null;
end $$;
create trigger an_admin_stays_able after update on users for each row
    when (old.disabled_at is null and old.password_hash is not null
          and (new.disabled_at is not null or new.password_hash is null)) execute function keep_an_admin_able();

-- The archive: what outlives Temporal's retention of closed histories ------------------------------------------------

-- What became of each closed history, wherever it is kept.
create table archivings (
    journey_id text primary key references journeys,
    outcome    text not null check (outcome in ('kept', 'gone', 'too_large')),
    archive    text,
    run_id     text,
    events     integer,
    bytes      bigint,
    settled_at timestamptz not null default now(),
    check ((outcome = 'kept') = (archive is not null and bytes is not null)),
    check ((outcome = 'gone') = (run_id is null))
);
comment on column archivings.bytes is 'compressed, as the archive keeps it';

-- The archive in PostgreSQL itself. No reference to journeys: to the archive, a history is bytes under an id.
create table histories (
    journey_id  text primary key,
    run_id      text not null,
    bytes       integer not null,
    sha256      bytea not null,
    content     bytea not null,
    archived_at timestamptz not null default now(),
    check (bytes = octet_length(content))
);
comment on column histories.sha256 is 'of content';
-- It is compressed already.
alter table histories alter column content set storage external;

-- Connections: which stores' platforms are spoken to, and with what -----------------------------------------------------

-- A store whose platform is spoken to. Secrets are in the next table.
create table connections (
    store_id      text primary key references stores,
    source        text not null,
    -- What its API is spoken to with, and is no secret, by the names that its platform's file gives them.
    settings      jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    connected_at  timestamptz not null default now(),
    -- When its token ends; null: it does not, or there is none. Until when somebody has the renewing of it to themselves.
    token_ends_at timestamptz,
    renewed_until timestamptz,
    -- When its API answered last, and since when it does not, with why; both null: it does.
    answered_at   timestamptz,
    failing_since timestamptz,
    failing_why   text,
    -- When what is waited for was asked for last, and when it is next; likewise of subscriptions.
    polled_at     timestamptz,
    poll_due      timestamptz not null default now(),
    watch_due     timestamptz not null default now(),
    -- Of a store whose orders are asked for: when they are next, up to which change all are known, by the shop's clock, when they
    -- were asked for last, and why they may not be read.
    orders_due      timestamptz not null default now(),
    orders_up_to    timestamptz not null default now(),
    orders_asked_at timestamptz,
    orders_refused  text,
    -- When its whole catalogue was read last, and how many products that had.
    synced_at     timestamptz,
    synced_count  bigint check (synced_count >= 0),
    -- How many hints were not kept, for too many were there, and when the last.
    hints_dropped    bigint not null default 0 check (hints_dropped >= 0),
    hints_dropped_at timestamptz,
    check ((hints_dropped = 0) = (hints_dropped_at is null)),
    check ((failing_since is null) = (failing_why is null)),
    check ((synced_at is null) = (synced_count is null))
);
create index connections_to_poll on connections (poll_due);
create index connections_to_watch on connections (watch_due);
create index connections_to_ask_for_orders on connections (orders_due);

-- Where the web server is reached from anywhere, as it was told when it started last: commands are given in shells that were not told.
create table public_address (
    only_one boolean primary key default true check (only_one),
    url      text not null,
    told_at  timestamptz not null default now()
);

-- Secrets of stores, encrypted (activities/connections/sealing.py). Of what its webhooks are verified by a store has one
-- that lasts, and while it is rotated another, which ends.
create table store_secrets (
    id       bigint generated always as identity primary key,
    store_id text not null references connections on delete cascade,
    -- `webhook`, or the name that the platform's file gives it.
    purpose  text not null,
    sealed   bytea not null,
    added_at timestamptz not null default now(),
    ends_at  timestamptz,
    check (ends_at is null or purpose = 'webhook')
);
create unique index one_lasting_secret on store_secrets (store_id, purpose) where ends_at is null;
create unique index one_ending_secret on store_secrets (store_id, purpose) where ends_at is not null;

-- How each subscription to a platform's webhooks was, when it was asked for last.
create table subscriptions (
    store_id  text not null references connections on delete cascade,
    topic     text not null,
    health    text not null check (health in ('alive', 'off', 'missing')),
    why       text,
    looked_at timestamptz not null default now(),
    primary key (store_id, topic)
);

-- What a webhook said has changed, and not to what: to be asked for. Without any id: something of the shop.
create table hints (
    id         bigint generated always as identity primary key,
    store_id   text not null references stores,
    product_id text,
    variant_id text,
    order_id   text,
    cart_id    text,
    due_at     timestamptz not null default now(),
    attempts   integer not null default 0 check (attempts >= 0)
);
create unique index hints_once on hints (
    store_id, coalesce(product_id, ''), coalesce(variant_id, ''), coalesce(order_id, ''), coalesce(cart_id, ''));
create index hints_due on hints (store_id, due_at);

-- Of a store whose platform can be asked, a worker does so when it is due. A hint that comes again is one, and counts its attempts
-- anew. Of things (products, variants, the shop) ten thousand are kept, and of orders and carts as many beside them; of one more
-- that of things makes what is waited for be asked for instead, at most once a minute.
create function leave_hint(store text, product text, variant text, bought text, cart text, after interval) returns void
language plpgsql as $$
declare
    most constant integer := 10000;
    of_things constant boolean := num_nonnulls(bought, cart) = 0;
begin
    if not exists (select from connections where store_id = store) then
        return;
    end if;
    -- One that nobody has taken yet is not put off by another; one that is being followed is followed again.
    update hints set due_at = case when attempts = 0 then least(due_at, now() + after) else now() + after end, attempts = 0
    where store_id = store and coalesce(product_id, '') = coalesce(product, '') and coalesce(variant_id, '') = coalesce(variant, '')
      and coalesce(order_id, '') = coalesce(bought, '') and coalesce(cart_id, '') = coalesce(cart, '');
    if found then
        return;
    end if;
    if (select count(*) from (
            select from hints where store_id = store and (num_nonnulls(order_id, cart_id) = 0) = of_things limit most) kept) >= most then
        update connections
        set hints_dropped = hints_dropped + 1, hints_dropped_at = now(),
            poll_due = case when of_things then least(poll_due, coalesce(polled_at + interval '1 minute', now())) else poll_due end
        where store_id = store;
        return;
    end if;
    insert into hints as known (store_id, product_id, variant_id, order_id, cart_id, due_at)
    values (store, product, variant, bought, cart, now() + after)
    on conflict (store_id, coalesce(product_id, ''), coalesce(variant_id, ''), coalesce(order_id, ''), coalesce(cart_id, ''))
    do update set due_at = least(known.due_at, excluded.due_at), attempts = 0;
end
$$;

-- Challenges of proofs of work that were solved, by their signature, until they end: each is good once.
create table used_challenges (
    digest  bytea primary key,
    ends_at timestamptz not null
);

-- Catalogue feeds ----------------------------------------------------------------------------------------------------

-- Where a store's catalogue feeds are read from, and what became of the last reading: activities/intake/feeds.py.
create table feeds (
    store_id         text not null references stores,
    name             text not null check (name <> '' and length(name) <= 100),
    -- It may hold a token: it is shown without what follows its question mark.
    url              text not null,
    -- Null: known by its content.
    format           text check (format in ('json', 'xml', 'text', 'page')),
    mapping          jsonb not null default '{}',
    country          text check (country ~ '^[A-Z]{2}$'),
    -- What "in stock" stands for, where no number is told.
    in_stock_units   integer not null default 1 check (in_stock_units > 0),
    every            interval not null check (every > '0'),
    -- With fewer rows than this share of the last time's it is held.
    keep_share       numeric(4, 3) not null check (keep_share between 0 and 1),
    etag             text,
    last_modified    text,
    -- SHA-256 of what was applied last, byte by byte: for servers that do not say whether it has changed.
    content          bytea check (length(content) = 32),
    due_at           timestamptz not null default now(),
    asked_at         timestamptz,
    -- When it was applied last, and what was in it.
    read_at          timestamptz,
    rows             bigint check (rows >= 0),
    unread           bigint check (unread >= 0),
    -- When a price changes next though no row does.
    price_changes_at timestamptz,
    failures         integer not null default 0 check (failures >= 0),
    failed_with      text,
    held_for         text check (held_for in ('empty', 'cut', 'shrunken')),
    held_rows        bigint,
    held_at          timestamptz,
    accepted_at      timestamptz,
    primary key (store_id, name),
    check ((held_for is null) = (held_rows is null) and (held_for is null) = (held_at is null)),
    check (accepted_at is null or held_for is not null),
    check ((read_at is null) = (rows is null) and (failures = 0) = (failed_with is null))
);
create index feeds_due on feeds (due_at);

-- Each row of a feed as it was applied last, as a digest of what it says.
create table feed_rows (
    store_id   text not null,
    feed       text not null,
    variant_id text not null,
    -- Where it is one of many places with units of the thing; else ''.
    place      text not null,
    product_id text not null,
    digest     bigint not null,
    -- It says what the thing is called; else it only adds to what others say of it, and its end is not the thing's.
    names_it   boolean not null,
    -- A digest of its cells, and of what else they are read by: while it is the same, so is `digest`, until `changes_at`.
    raw        bigint,
    changes_at timestamptz,
    primary key (variant_id, place, feed, store_id),
    foreign key (store_id, feed) references feeds (store_id, name) on delete cascade
);
create index feed_rows_by_product on feed_rows (product_id, feed, store_id);

-- How a feed's bytes lay when it was read last, and the digests of the rows in them: what comes again is not parsed.
create table feed_layouts (
    store_id text not null,
    feed     text not null,
    -- As activities/storefronts/feeds/layout.py packs it.
    layout   bytea not null,
    primary key (store_id, feed),
    foreign key (store_id, feed) references feeds (store_id, name) on delete cascade
);
alter table feed_layouts alter column layout set storage external;
