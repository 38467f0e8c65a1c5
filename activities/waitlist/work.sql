-- Every query of proof of work.

-- name: lately
-- Sign-ups for a variant that came from this network today; and all that entered its lines lately.
select coalesce((select max(count) from sign_up_counts
                 where day = (now() at time zone 'UTC')::date and network = new_digest(:network::text)
                   and store_id = :store_id and variant_id = :variant_id), 0) as of_network,
       coalesce((select sum(count) from line_counts
                 where store_id = :store_id and subject = 'variant/' || :variant_id and what = 'entered'
                   and quarter >= quarter_of(now()) - interval '15 minutes'), 0)::bigint as of_line;

-- name: sign
select encode(new_digest(:text::text), 'hex');

-- name: use
-- Signed under any of the keys; once; and in time by the clock that those used before are forgotten by.
insert into used_challenges (digest, ends_at)
select given.digest, :ends_at from decode(:signature::text, 'hex') given (digest)
where given.digest in (select digests(:text::text)) and :ends_at > now()
on conflict (digest) do nothing
returning digest;
