-- What contacts do with messages, and what they belong to: opens, clicks, lists and tags.

alter table events drop constraint events_kind_check;
alter table events
    -- The Message-ID of what was opened or clicked, without angle brackets; where whoever told of it knew it.
    add column message_id text,
    add column list_code text,
    add constraint events_kind_check check (kind in (
        'viewed_product', 'added_to_cart', 'checkout_started', 'ordered', 'custom', 'opened_message', 'clicked_message',
        'joined_list')),
    add constraint events_message_check check (message_id is null or kind in ('opened_message', 'clicked_message')),
    add constraint events_list_check check ((kind = 'joined_list') = (list_code is not null));
-- When a contact last opened or clicked: asked whenever criteria are.
create index events_by_engagement on events (contact_id, kind, happened_at desc)
    where kind in ('opened_message', 'clicked_message');

-- Contact first: criteria ask what one contact belongs to.
create table list_members (
    list_code  text not null references lists,
    contact_id text not null references contacts,
    joined_at  timestamptz not null,
    -- Who put them there: 'event/' and the store, or what else does.
    source     text not null,
    primary key (contact_id, list_code)
);

create table contact_tags (
    contact_id text not null references contacts,
    tag        text not null check (tag <> '' and length(tag) <= 100),
    tagged_at  timestamptz not null default now(),
    primary key (contact_id, tag)
);

-- Versions: what is worked on, what was published when and by whom, and the criteria that stand beside a program -----

create table working_versions (
    conversation text primary key references conversations,
    -- As it was written, comments and all.
    source       text not null check (length(source) <= 262144),
    document     jsonb not null,
    content_hash text not null,
    saved_at     timestamptz not null default now(),
    saved_by     text not null
);
alter table versions
    add column source text,
    add column questions jsonb not null default '{}',
    add column published_by text;

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

-- What a contact does that enters a published conversation without an alert.
create table doors (
    event        text not null,
    conversation text not null references conversations,
    primary key (event, conversation)
);

-- Journeys: those without an alert, and where each one rests -----------------------------------------------------------

alter table journeys add column conversation text references conversations;
update journeys j set conversation = v.conversation from versions v where v.id = j.version_id;
alter table journeys
    alter column conversation set not null,
    alter column alert_id drop not null,
    alter column subject drop not null,
    alter column product_id drop not null,
    alter column window_ends_at drop not null,
    -- The event that entered a conversation without an alert.
    add column entered_on text,
    add column event_id text,
    -- Where it rests, unless it stands in line; and what holds it up there.
    add column at_step text,
    add column at_since timestamptz,
    add column held_up_by text,
    add column moved_at timestamptz,
    add check ((alert_id is null) = (entered_on is not null)),
    add check (alert_id is null or num_nonnulls(subject, product_id, window_ends_at) = 3),
    add check ((at_step is null) = (at_since is null));
create unique index one_journey_at_a_time on journeys (conversation, store_id, contact_id)
    where alert_id is null and ended_at is null;
create index journeys_open on journeys (conversation, version_id) where ended_at is null;
create index journeys_held_up on journeys (held_up_by, at_since) where ended_at is null and held_up_by is not null;
create index journeys_open_of_contact on journeys (contact_id) where ended_at is null;

-- Messages that wait for approval --------------------------------------------------------------------------------------

alter table sends drop constraint sends_state_check,
    add constraint sends_state_check check (state in ('ready', 'sending', 'sent', 'refused', 'unknown', 'held')),
    add column approved_at timestamptz,
    add column approved_by text,
    add check ((approved_at is null) = (approved_by is null));
create index sends_held on sends (opened_at) where state = 'held';

-- Calls to other systems -----------------------------------------------------------------------------------------------

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

-- Operations on many journeys at once ----------------------------------------------------------------------------------

create table operations (
    id           bigint generated always as identity primary key,
    kind         text not null check (kind in ('move', 'end')),
    conversation text not null references conversations,
    to_version   text references versions,
    requested_by text not null,
    why          text,
    created_at   timestamptz not null default now(),
    finished_at  timestamptz,
    check ((kind = 'move') = (to_version is not null))
);
create table operation_journeys (
    operation_id bigint not null references operations,
    journey_id   text not null references journeys,
    from_version text not null references versions,
    asked_at     timestamptz,
    done_at      timestamptz,
    primary key (operation_id, journey_id)
);
create index operation_journeys_to_ask on operation_journeys (operation_id, journey_id) where asked_at is null;

alter table outbox drop constraint outbox_kind_check, drop constraint outbox_check;
alter table outbox
    -- What the signal says, for kinds that say more than a reason or a message.
    add column payload jsonb,
    add column operation_id bigint references operations,
    add constraint outbox_kind_check check (kind in (
        'start_journey', 'look_again', 'leave', 'say', 'hear', 'wake', 'skip', 'carry_out')),
    add constraint outbox_check check ((kind in ('look_again', 'carry_out')) = (journey_id is null)),
    add check ((kind = 'carry_out') = (operation_id is not null)),
    add check ((kind in ('hear', 'wake', 'skip')) = (payload is not null));

-- Approval by hand: it is given to the words that were read, and a no takes effect when deliver is asked again.
alter table sends
    add column held_version text references versions,
    add column declined_at timestamptz,
    add column declined_by text,
    add check (held_version is not null or (state <> 'held' and approved_at is null and declined_at is null)),
    add check ((declined_at is null) = (declined_by is null)),
    add check (approved_at is null or declined_at is null);

-- Publishing while people are under way: the latest operation on a journey holds.
alter table operation_journeys add column superseded_by bigint references operations;
create index operation_journeys_unsettled on operation_journeys (journey_id)
    where done_at is null and superseded_by is null;
