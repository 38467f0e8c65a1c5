-- Every query of trying out a publication that is not another module's.

-- name: name_if_new
-- For alerts to belong to; where it is there already it is not touched, so that those who enter need not wait.
insert into conversations (code, name) values (:conversation, :name) on conflict (code) do nothing;
