-- Every query of `shelftalk doctor` that is not another module's.

-- name: server_version
show server_version;

-- name: malformed
select count(*) as kept, (select error from inbox where state = 'malformed' order by id desc limit 1) as last_error
from inbox where state = 'malformed';
