-- Who did what by hand, and why.

-- name: audit
insert into audit (actor, action, details) values (:actor, :action, :details);
