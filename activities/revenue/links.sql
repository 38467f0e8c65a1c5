-- Every query of links of our own.

-- name: keep
-- Each target of a message has one link, whoever asks for it again.
insert into links (token, send_key, journey_id, target)
select token, :send_key, :journey_id, target from unnest(:tokens::text[], :targets::text[]) as wanted (token, target)
on conflict (send_key, coalesce(target, '')) do update set send_key = excluded.send_key
returning token, target;

-- name: use
with link as (
    select token, target from links where token = :token
), used as (
    insert into link_uses (token, machine)
    select token, :machine from link
    where (select count(*) from (select from link_uses where token = :token limit :most) uses) < :most
)
select target from link;
