-- Every query of calling forward by hand. Locks as everywhere: products, claims, episodes, supplies.

-- name: hold_product
-- As whoever gives places, or changes what there is.
select from products where store_id = :store_id and product_id = product_of(:store_id, :subject) for no key update;

-- name: terms
select a.measure = 'nothing' as by_units, a.contacts_per_unit, a.units_per_contact, a.retired or not a.live as out_of_force,
       a.paused_at is not null or c.paused_at is not null as paused, l.locations, p.product_id, is_gone(:store_id, :subject) as gone
from alerts a
join conversations c on c.code = a.conversation
join lists l on l.code = a.list_code
join products p on p.store_id = :store_id and p.product_id = product_of(:store_id, :subject)
where a.id = :alert and is_known(:store_id, :subject);

-- name: budget
-- What an open episode has to give; of one that is not open, what it would have if it opened with nothing that had arrived. Units
-- there that nobody was promised are `held_back` where they did not arrive for it; what others were promised is not among them.
with e as (
    select e from episodes e where e.alert_id = :alert and e.store_id = :store_id and e.subject = :subject and e.closed_at is null
    union all
    select jsonb_populate_record(null::episodes, jsonb_build_object(
        'alert_id', :alert::text, 'store_id', :store_id::text, 'subject', :subject::text, 'contacts_per_unit', a.contacts_per_unit,
        'units_per_contact', a.units_per_contact, 'locations', :locations::text[], 'available', :available::bigint, 'arrived', 0, 'claimed', 0))
    from alerts a where a.id = :alert and not exists (
        select from episodes e where e.alert_id = :alert and e.store_id = :store_id and e.subject = :subject and e.closed_at is null)
), counted as (
    select (e).*, (select coalesce(sum(floor(greatest(0, l.units) * (e).contacts_per_unit)), 0) from units_left(e) l) as left_over,
           units_earned(e) as earned,
           greatest(0, ((e).available + ceil((e).claimed::numeric / (e).contacts_per_unit) - (e).arrived) * (e).contacts_per_unit) as kept
    from e
)
select id as episode, available, arrived, claimed, least(earned, left_over)::bigint as free,
       least(kept, left_over - least(earned, left_over))::bigint as held_back
from counted;

-- name: open_offers
-- Of those who were told in the open episode and have not bought, in the order in which they were, with the units of their places.
select c.id, c.units from claims c join journeys j on j.id = c.journey_id
where c.episode_id = :episode and c.state = 'used' and not exists (
    select from orders o
    where o.contact_id = j.contact_id and o.store_id = j.store_id and is_about(o, j)
      and not o.cancelled and o.ordered_at >= c.given_at)
order by c.settled_at, c.id;

-- name: next
-- The units that each of the next wants, in their order, of those who want no more than there are.
select greatest(n.quantity, :units_each::bigint) as units
from next_in_line(:alert, :store_id, :subject, null, :people, :available, null) with ordinality n
order by n.ordinality limit :people;

-- name: take_back
-- They were offered it, did not buy it, and it passes to the next in line: as an offer that lapses.
update claims set state = 'lapsed', lapses_at = null, lapsed_reason = 'offer_lapsed' where id = any(:claims::bigint[]) and state = 'used';

-- name: open
-- By hand, with as many units as are to be given: those that stay did not arrive for it.
insert into episodes (alert_id, store_id, subject, contacts_per_unit, units_per_contact, locations, available, arrived)
select :alert, :store_id, :subject, contacts_per_unit, units_per_contact, :locations, :available, :arrived from alerts where id = :alert;

-- name: give_more
update episodes set arrived = arrived + :units where id = :episode;
