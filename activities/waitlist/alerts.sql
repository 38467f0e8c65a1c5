-- The alerts that a contact may enter.

-- name: alerts_in_force
-- The alerts in force that this action feeds, of the lists for one store or by one code if need be. The conversations are locked for share against a publication of the same moment: it counts the journeys under way only after
-- those that enter by the version before it are written.
select a.id as alert_id, a.action, a.level, a.window_days, a.measure, a.quantity_threshold, a.section, a.triggers, a.profile,
       a.live, l.code as list_code, l.stores, l.only_by_name, l.time_zone, l.locations, l.currency, l.country, c.published,
       exists (select from versions v where v.id = c.published and v.document -> 'list' ->> 'double_opt_in' is not null)
           as double_opt_in
from alerts a join lists l on l.code = a.list_code join conversations c on c.code = a.conversation
where (:action::text is null or a.action = :action) and not a.retired and c.published is not null
  and (:store_id::text is null or is_for(l.stores, :store_id)) and (:alert_id::text is null or a.id = :alert_id)
order by a.list_code, a.id
for share of c;
