-- Who did what by hand, and why.

-- name: audit
insert into audit (actor, action, details) values (:actor, :action, :details);

-- name: audit_look
insert into audit (actor, action, details) values (:actor, 'look at contact', jsonb_build_object('contact', :contact::text))
on conflict (actor, (details ->> 'contact'), (date_trunc('hour', at at time zone 'UTC'))) where action = 'look at contact'
do nothing;
