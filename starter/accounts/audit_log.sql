-- Every query of the audit as people read it.

-- name: entries
select a.id, a.at, a.actor, u.name, a.action, a.details
from audit a left join users u on a.actor = 'user ' || u.id
where (:actor::text is null or a.actor = :actor::text)
  and (:action::text is null or a.action = :action::text)
  and (:before::bigint is null or a.id < :before::bigint)
order by a.id desc
limit :most::integer;

-- name: actions
-- Each next one is found in the index, so that it takes as many steps as there are actions, and not entries.
with recursive found (action) as (
    (select action from audit order by action limit 1)
    union all
    select (select a.action from audit a where a.action > found.action order by a.action limit 1)
    from found where found.action is not null
)
select action from found where action is not null;
