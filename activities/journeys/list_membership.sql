-- Every query of who is on which list.

-- name: join_list
-- Null: there is no such list. Else whether they were not on it; the earlier time stands, whichever comes first.
with joined as (
    insert into list_members (list_code, contact_id, joined_at, source)
    select code, $2, $3, $4 from lists where code = $1
    on conflict (contact_id, list_code) do update set joined_at = excluded.joined_at, source = excluded.source
    where excluded.joined_at < list_members.joined_at
)
select not exists (select from list_members where contact_id = $2 and list_code = $1) from lists where code = $1;
