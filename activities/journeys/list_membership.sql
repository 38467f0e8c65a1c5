-- Every query of who is on which list.

-- name: is_list_for
-- Null: there is no such list.
select is_for(stores, :store_id) from lists where code = :list_code;

-- name: join_list
-- Null: there is no such list. Else whether they were not on it; the earlier time stands, whichever comes first.
with joined as (
    insert into list_members (list_code, contact_id, joined_at, source)
    select code, :contact_id, :joined_at, :source from lists where code = :list_code
    on conflict (contact_id, list_code) do update set joined_at = excluded.joined_at, source = excluded.source
    where excluded.joined_at < list_members.joined_at
)
select not exists (select from list_members where contact_id = :contact_id and list_code = :list_code)
from lists where code = :list_code;
