-- Every query of making shoppers' links.

-- name: add_link
-- Of two messages that need one at once both get the same.
insert into shopper_links as link (token, contact_id, store_id) values (:token, :contact_id, :store_id)
on conflict (contact_id, store_id, of_month) do update set token = link.token
returning token;
