-- Every query of versions.

-- name: name_conversation
insert into conversations (code, name) values ($1, $2) on conflict (code) do nothing;

-- name: hold_conversation
-- Saving and publishing wait for one another.
select published from conversations where code = $1 for no key update;

-- name: working
select conversation, source, document, content_hash, saved_at, saved_by from working_versions where conversation = $1;

-- name: save_working
insert into working_versions (conversation, source, document, content_hash, saved_by) values ($1, $2, $3, $4, $5)
on conflict (conversation) do update
set source = excluded.source, document = excluded.document, content_hash = excluded.content_hash,
    saved_by = excluded.saved_by, saved_at = now()
returning saved_at;

-- name: discard_working
delete from working_versions where conversation = $1 returning saved_by;

-- name: forget_unpublished
-- A conversation that was only ever worked on.
delete from conversations c where code = $1 and not exists (select from versions where conversation = c.code);

-- name: audit
insert into audit (actor, action, details) values ($1, $2, $3);

-- name: conversations
select c.code as conversation, c.name, c.published, p.published_at, w.content_hash, w.saved_at, w.saved_by,
    (select count(*) from journeys j where j.conversation = c.code and j.ended_at is null) as open_journeys
from conversations c
left join working_versions w on w.conversation = c.code
left join lateral (
    select published_at from publications where conversation = c.code order by id desc limit 1) p on true
where $1::text is null or c.code = $1
order by c.code;

-- name: versions
select v.id as version, v.number, v.content_hash, v.published_at, v.published_by,
    v.id is not distinct from c.published as published,
    (select count(*) from journeys j
     where j.conversation = v.conversation and j.version_id = v.id and j.ended_at is null) as open_journeys
from versions v join conversations c on c.code = v.conversation
where v.conversation = $1 order by v.number desc;

-- name: publications
select version_id, published_at as at, published_by as by, note from (
    select *, row_number() over (partition by version_id order by id desc) as latest
    from publications where conversation = $1) p
where latest <= 20 order by id;

-- name: version
-- Number $2 of a conversation, or without one what is published.
select v.id, v.number, v.source, v.document, v.content_hash
from versions v join conversations c on c.code = v.conversation
where v.conversation = $1 and (v.number = $2::integer or ($2::integer is null and v.id = c.published));

-- name: latest_document
-- What is worked on, or else what is published.
select coalesce(
    (select document from working_versions where conversation = $1),
    (select v.document from conversations c join versions v on v.id = c.published where c.code = $1)) as document;
