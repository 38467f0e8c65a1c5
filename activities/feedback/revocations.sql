-- Every query of putting texts into the queue.

-- name: ask
insert into revocations (event_id, channel, address, said, likely, received_at, due_at)
values (:event_id, :channel, :address, :said, :likely, :received_at, :due_at);
