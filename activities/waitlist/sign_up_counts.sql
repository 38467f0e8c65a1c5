-- The query of counting sign-ups by network.

-- name: count_of_network
-- Count one more sign-up for a variant from this network, as its digest, today; no row: there were `most` already.
insert into sign_up_counts as counted (day, network, store_id, variant_id, count)
values ((now() at time zone 'UTC')::date, new_digest(:network::text), :store_id, :variant_id, 1)
on conflict (day, network, store_id, variant_id) do update set count = counted.count + 1 where counted.count < :most
returning count;
