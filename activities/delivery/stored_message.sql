-- Every query for the messages of published versions.

-- name: message
-- `beside`: the version says something on another channel than e-mail, too.
select messages -> :message::text as message,
       exists (select from jsonb_each(messages) each where each.value ->> 'channel' <> :plain) as beside
from versions where id = :version;
