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
