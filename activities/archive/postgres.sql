-- Every query of the archive in PostgreSQL.

-- name: put
insert into histories (journey_id, run_id, bytes, sha256, content)
values (:journey_id, :run_id, octet_length(:content::bytea), sha256(:content::bytea), :content::bytea)
on conflict (journey_id) do update
set run_id = excluded.run_id, bytes = excluded.bytes, sha256 = excluded.sha256, content = excluded.content,
    archived_at = now();

-- name: get
select content from histories where journey_id = :journey_id;
