-- Every query of versions.

-- name: name_conversation
insert into conversations (code, name) values (:conversation, :name) on conflict (code) do nothing;

-- name: hold_conversation
-- Saving and publishing wait for one another.
select from conversations where code = :conversation for no key update;

-- name: working
select source, document, content_hash, saved_at, saved_by from working_versions where conversation = :conversation;

-- name: working_hash
select content_hash from working_versions where conversation = :conversation;

-- name: save_working
-- What was undone before cannot be redone any more.
insert into working_versions as w (conversation, source, document, content_hash, saved_by) values (:conversation, :source, :document, :content_hash, :saved_by)
on conflict (conversation) do update
set source = excluded.source, document = excluded.document, content_hash = excluded.content_hash,
    saved_by = excluded.saved_by, saved_at = now(), revision = w.revision + 1
returning saved_at;

-- name: keep_revision
-- The working version as it was saved just now, and of those before the latest :most.
with working as (
    select conversation, revision, source, document, content_hash, saved_at, saved_by from working_versions
    where conversation = :conversation
), dropped as (
    delete from working_revisions r using working w
    where r.conversation = w.conversation and r.number > w.revision or r.conversation = w.conversation and r.number <= w.revision - :most
)
insert into working_revisions (conversation, number, source, document, content_hash, saved_at, saved_by)
select conversation, revision, source, document, content_hash, saved_at, saved_by from working
on conflict (conversation, number) do update
set source = excluded.source, document = excluded.document, content_hash = excluded.content_hash,
    saved_at = excluded.saved_at, saved_by = excluded.saved_by;

-- name: step_to_revision
-- The working version says again what its revision so many :steps away says; nothing where there is none.
update working_versions w
set source = r.source, document = r.document, content_hash = r.content_hash, revision = r.number,
    saved_by = :saved_by, saved_at = now()
from working_revisions r
where w.conversation = :conversation and r.conversation = w.conversation and r.number = w.revision + :steps::integer
returning w.content_hash, w.saved_at;

-- name: revisions_around
-- Whether there is a revision before the working version, and one after it.
select exists (select from working_revisions r where r.conversation = w.conversation and r.number = w.revision - 1) as undo,
    exists (select from working_revisions r where r.conversation = w.conversation and r.number = w.revision + 1) as redo
from working_versions w where w.conversation = :conversation;

-- name: revision_of_content
-- What was saved of this content last, of the revisions that are kept.
select document from working_revisions
where conversation = :conversation and content_hash = :content_hash order by number desc limit 1;

-- name: discard_working
delete from working_versions where conversation = :conversation returning saved_by;

-- name: forget_unpublished
-- A conversation of which nothing was ever published.
delete from conversations c where code = :conversation and not exists (select from versions where conversation = c.code);

-- name: conversations
-- Their list is that of the published version; where none is, of what was written last.
select c.code as conversation, c.name, c.published, p.published_at, c.paused_at,
    c.published is null and last.number is not null as retired,
    coalesce(w.content_hash <> v.content_hash, w.conversation is not null) as ahead,
    d.list ->> 'code' as list_code, d.list ->> 'name' as list_name, nullif(d.list -> 'stores', 'null') as stores,
    case when w.conversation is not null then jsonb_build_object(
        'content_hash', w.content_hash, 'saved_at', w.saved_at, 'saved_by', w.saved_by) end as working,
    (select count(*) from journeys j
     where j.conversation = c.code and j.ended_at is null and (:stores::text[] is null or j.store_id = any (:stores))) as open_journeys
from conversations c
left join working_versions w on w.conversation = c.code
left join versions v on v.id = c.published
left join lateral (
    select number, document from versions where conversation = c.code order by number desc limit 1) last on true
left join lateral (
    select published_at from publications where conversation = c.code order by id desc limit 1) p on true
cross join lateral (select coalesce(v.document, w.document, last.document) -> 'list' as list) d
where :conversation::text is null or c.code = :conversation
order by c.code;

-- name: versions
-- With the latest 20 publications of each, the oldest first.
select v.id as version, v.number, v.content_hash, v.published_at, v.published_by,
    v.id is not distinct from c.published as published,
    (select count(*) from journeys j
     where j.conversation = v.conversation and j.version_id = v.id and j.ended_at is null
       and (:stores::text[] is null or j.store_id = any (:stores))) as open_journeys,
    (select coalesce(jsonb_agg(jsonb_build_object('at', p.published_at, 'by', p.published_by, 'note', p.note) order by p.id), '[]')
     from (select * from publications where conversation = v.conversation and version_id = v.id order by id desc limit 20) p) as publications
from versions v join conversations c on c.code = v.conversation
where v.conversation = :conversation order by v.number desc;

-- name: version
-- The version of this number, or without one the published one.
select v.id, v.source, v.document, v.content_hash
from versions v join conversations c on c.code = v.conversation
where v.conversation = :conversation and (v.number = :number::integer or (:number::integer is null and v.id = c.published));

-- name: latest
-- The working version, or else the published one.
select true as working, null::integer as number, document from working_versions where conversation = :conversation
union all
select false, v.number, v.document
from conversations c join versions v on v.id = c.published
where c.code = :conversation and not exists (select from working_versions where conversation = :conversation);
