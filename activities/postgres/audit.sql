-- Who did what by hand, and why.

-- name: audit
insert into audit (actor, action, details) values (:actor, :action, :details);

-- name: audit_looks
insert into audit (actor, action, details)
select :actor, :action, jsonb_build_object('contact', contact) from unnest(:contacts::text[]) contact order by contact
on conflict (actor, action, (details ->> 'contact'), (date_trunc('hour', at at time zone 'UTC')))
    where action in ('look at contact', 'find contact') do nothing;
