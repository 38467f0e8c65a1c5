-- Every query of enlisting.

-- name: channels
-- All that is known of the channels that these journeys' messages are said on.
select each.unreachable, each.consented, each.refused, each.suppressed, each.unasked
from journeys j cross join lateral channel_facts(j) each
where j.id = any(:journeys::text[]) order by each.channel, j.id;
