-- Every query for turns at a provider.

-- name: take_turn
select given, wait from take_turn(:channel, :lane, :domains::text[], :per_second::float8[], :ticket, clock_timestamp());
