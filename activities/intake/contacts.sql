-- Every query of what journeys read and record about their contacts.

-- name: time_zones
-- By the contact's own attribute, and by the list of their alert or conversation.
select c.attributes ->> 'time_zone' as own, l.time_zone as of_list
from journeys j join contacts c on c.id = j.contact_id join versions v on v.id = j.version_id
left join alerts a on a.id = j.alert_id
left join lists l on l.code = coalesce(a.list_code, v.document -> 'list' ->> 'code')
where j.id = :journey_id;

-- name: contact_of_journey
-- Locked against an erasure, or another change, of the same moment.
select j.contact_id, j.store_id, c.erased_at is not null as erased
from journeys j join contacts c on c.id = j.contact_id
where j.id = :journey_id
for no key update of c;

-- name: set_attribute
-- The newer change wins, as with events. Nothing, if all of the contact's attributes would then exceed so many bytes.
update contacts c
set attributes = changed.attributes, attributes_at = greatest(c.attributes_at, :at)
from (
    select id, jsonb_strip_nulls(case
               when :at >= coalesce(attributes_at, :at) then attributes || :attributes
               else :attributes || attributes end) as attributes
    from contacts where id = :contact_id
) changed
where c.id = changed.id and octet_length(changed.attributes::text) <= :largest
returning c.id;

-- name: add_tag
insert into contact_tags (contact_id, tag, tagged_at) values (:contact_id, :tag, :tagged_at) on conflict do nothing;
