-- Every query of what criteria ask for and nobody tells of.

-- name: fed
-- Of these attributes, tags (in lower case) and lists those that anybody has or a published step sets; and the fields that
-- an installation tells of wholly or not at all, in these stores (null: all).
with steps as (
    select step.value as step
    from conversations c join versions v on v.id = c.published, jsonb_each(v.program -> 'steps') step
)
select array(select name from unnest(:attributes::text[]) name
             where exists (select from steps where step ->> 'kind' = 'set_attribute' and step ->> 'name' = name)
                or exists (select from contacts where attributes ? name)) as attributes,
       array(select tag from unnest(:tags::text[]) asked (tag)
             where exists (select from steps where step ->> 'kind' = 'add_tag' and lower(step ->> 'tag') = asked.tag)
                or exists (select from contact_tags t where lower(t.tag) = asked.tag)) as tags,
       array(select code from lists where code = any(:lists::text[])) as lists,
       array(
           select 'engagement.last_open' where exists (select from events where kind = 'opened_message')
               or exists (select from lists where track_opens_in is not null)
           union all select 'engagement.last_click' where exists (select from events where kind = 'clicked_message')
               or exists (select from lists where track_clicks)
           union all select 'product.vendor' where exists (
               select from products where vendor <> '' and is_for(:stores::text[], store_id))
           union all select 'product.tags' where exists (
               select from products where tags <> '{}' and is_for(:stores::text[], store_id))
           union all select 'product.collections' where exists (
               select from products where collections <> '{}' and is_for(:stores::text[], store_id))
       ) as fields;
