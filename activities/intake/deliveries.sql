-- Every query of deliveries in the inbox.

-- name: receive
-- In one order, whoever records them: of two who record the same the later waits, and neither for the other.
insert into inbox (store_id, source, topic, key, state, error, body, lasting)
select :store_id, :source, topic, key, :state, :error, :body, lasting
from unnest(:topics::text[], :keys::text[], :lasting::boolean[]) told (topic, key, lasting)
order by key
on conflict (source, store_id, key) do update
-- A delivery that could not be read, or was ignored, may be applied when it comes again.
set state = excluded.state, error = null, body = null
where inbox.state <> 'applied' and excluded.state = 'applied'
returning key;
