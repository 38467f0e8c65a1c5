-- Every query of the archive in PostgreSQL.

-- name: put
insert into histories (journey_id, run_id, bytes, sha256, content)
values ($1, $2, octet_length($3::bytea), sha256($3::bytea), $3::bytea)
on conflict (journey_id) do update
set run_id = excluded.run_id, bytes = excluded.bytes, sha256 = excluded.sha256, content = excluded.content,
    archived_at = now();

-- name: get
select content from histories where journey_id = $1;
