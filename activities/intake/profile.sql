-- Every query of what is known of a contact beside what they did.

-- name: merge_attributes
-- The newer word wins, whichever comes first.
update contacts
set attributes = jsonb_strip_nulls(case
        when :at >= coalesce(attributes_at, :at) then attributes || :attributes
        else :attributes || attributes end),
    attributes_at = greatest(attributes_at, :at)
where id = :contact_id
returning octet_length(attributes::text);

-- name: set_tags
with removed as (
    delete from contact_tags where contact_id = :contact_id and tag = any(:removed::text[])
)
insert into contact_tags (contact_id, tag, tagged_at)
select :contact_id, tag, :at::timestamptz from unnest(:added::text[]) tag
on conflict do nothing;
