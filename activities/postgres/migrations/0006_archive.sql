-- The archive: what outlives Temporal's retention of closed histories.

-- When it was settled what becomes of the history, see archivings.
alter table journeys add column archived_at timestamptz check (archived_at is null or ended_at is not null);
-- Those to look at. As small as what is left to do.
create index journeys_to_archive on journeys (ended_at, id) where ended_at is not null and archived_at is null;

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
