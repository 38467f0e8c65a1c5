-- Every query of publishing.

-- name: name_conversation
insert into conversations (code, name) values (:conversation, :name) on conflict (code) do update set name = excluded.name;

-- name: find_version
select id, number from versions where conversation = :conversation and content_hash = :content_hash;

-- name: published_document
select v.document from conversations c join versions v on v.id = c.published where c.code = :conversation;

-- name: version_named
select id, number from versions where id = :id;

-- name: versions_of_first_releases
-- They are those without a publisher on record.
select id, number, document from versions where conversation = :conversation and published_by is null order by number desc;

-- name: next_number
select coalesce(max(number), 0) + 1 from versions where conversation = :conversation;

-- name: add_version
insert into versions (id, conversation, number, content_hash, document, program, criteria, messages, source, published_by)
values (:id, :conversation, :number, :content_hash, :document, :program, :criteria, :messages, :source, :published_by);

-- name: publish
update conversations set published = :version where code = :conversation;

-- name: anything_published
select exists (select from conversations where published is not null);

-- name: anything_was_published
select exists (select from versions);

-- name: record_publication
insert into publications (conversation, version_id, published_by, note) values (:conversation, :version, :by, :note);

-- name: clear_working
delete from working_versions where conversation = :conversation and content_hash = :content_hash;
