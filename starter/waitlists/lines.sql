-- Every query of lines as people look after them.

-- name: page
-- Lines in which somebody is, by what they are chosen by (null: any), from where the page before ended. What is told of each line is
-- read of the page alone.
with in_line as (
    select store_id, subject, alert_id,
           coalesce(sum(count) filter (where what = 'waiting'), 0)::bigint as waiting,
           coalesce(sum(units) filter (where what = 'waiting'), 0)::bigint as units,
           coalesce(sum(count) filter (where what = 'unconfirmed'), 0)::bigint as unconfirmed,
           coalesce(sum(count) filter (where what = 'claimed'), 0)::bigint as called
    from line_counts
    where what in ('waiting', 'unconfirmed', 'claimed') and (:stores::text[] is null or store_id = any(:stores))
      and (:alert::text is null or alert_id = :alert)
    group by 1, 2, 3 having sum(count) > 0
), summed as (
    select store_id, subject, array_agg(alert_id order by alert_id) as alerts, sum(waiting)::bigint as waiting, sum(units)::bigint as units,
           sum(unconfirmed)::bigint as unconfirmed, sum(called)::bigint as called
    from in_line group by 1, 2
), chosen as (
    select s.*, p.product_id, p.title as product_title, v.title as variant_title, v.sku,
           case :sort when 'waiting' then s.waiting when 'units' then s.units else 0 end as rank,
           case when :sort = 'title' then lower(p.title) else '' end as name
    from summed s
    join products p on p.store_id = s.store_id and p.product_id = product_of(s.store_id, s.subject)
    left join variants v on v.store_id = s.store_id and v.variant_id = case when s.subject like 'variant/%' then substr(s.subject, 9) end
    where (:text::text is null or position(lower(:text) in lower(p.title || ' ' || coalesce(v.title, '') || ' ' || coalesce(v.sku, ''))) > 0
           or p.product_id = :text or v.variant_id = :text)
      and (:show <> 'long' or exists (select from long_lines g where g.store_id = s.store_id and g.subject = s.subject and g.alert_id = any(s.alerts)))
      and (:show <> 'offered' or exists (
          select from episodes e where e.store_id = s.store_id and e.subject = s.subject and e.closed_at is null and e.alert_id = any(s.alerts)))
      and (:show <> 'paused' or exists (
          select from alerts a join conversations c on c.code = a.conversation
          where a.id = any(s.alerts) and (a.paused_at is not null or c.paused_at is not null)))
), page as (
    select * from chosen
    where :rank::bigint is null or rank < :rank or rank = :rank and (name, store_id, subject) > (:name, :after_store, :after_subject)
    order by rank desc, name, store_id, subject limit :most
), open as (
    select e.id, e.store_id, e.subject, e.alert_id, e.available
    from page p join episodes e on e.store_id = p.store_id and e.subject = p.subject and e.alert_id = any(p.alerts) and e.closed_at is null
), would as (
    select w.episode_id, w.told, w.units from would_be_told(array(
        select o.id from open o join alerts a on a.id = o.alert_id where a.contacts_per_unit is not null and a.measure = 'nothing')) w
), ordered as (
    select n.store_id, n.subject, sum(units_to_order(a, n.waiting, n.units, coalesce(w.told, 0), coalesce(w.units, 0), o.id is not null)) as units
    from page p join in_line n on n.store_id = p.store_id and n.subject = p.subject
    join alerts a on a.id = n.alert_id and a.measure = 'nothing'
    left join open o on o.store_id = n.store_id and o.subject = n.subject and o.alert_id = n.alert_id
    left join would w on w.episode_id = o.id
    group by 1, 2
)
select p.store_id, p.subject, p.product_id, p.product_title, p.variant_title, p.sku, p.alerts, p.waiting, p.units, p.unconfirmed, p.called,
       past.told, past."left", coalesce((select o.units from ordered o where o.store_id = p.store_id and o.subject = p.subject), 0)::bigint as to_order,
       coalesce((select max(o.available) from open o where o.store_id = p.store_id and o.subject = p.subject), 0)::bigint as offered,
       exists (select from alerts a join conversations c on c.code = a.conversation
               where a.id = any(p.alerts) and (a.paused_at is not null or c.paused_at is not null)) as paused,
       is_gone(p.store_id, p.subject) as gone,
       (select min(g.since) from long_lines g
        where g.store_id = p.store_id and g.subject = p.subject and g.alert_id = any(p.alerts)) as long_since,
       p.rank, p.name,
       (select jsonb_build_object(
            'lines', count(*), 'waiting', coalesce(sum(waiting), 0), 'units', coalesce(sum(units), 0),
            'unconfirmed', coalesce(sum(unconfirmed), 0), 'called', coalesce(sum(called), 0)) from chosen) as totals
from page p
cross join lateral (
    select coalesce(sum(count) filter (where what = 'told'), 0)::bigint as told,
           coalesce(sum(count) filter (where what = 'left'), 0)::bigint as "left"
    from line_counts c
    where c.store_id = p.store_id and c.subject = p.subject and c.alert_id = any(p.alerts) and c.what in ('told', 'left')) past
order by p.rank desc, p.name, p.store_id, p.subject;

-- name: thing
-- What a line is for.
select p.product_id, p.title as product_title, v.title as variant_title, v.sku, p.on_sale, is_gone(:store_id, :subject) as gone,
       successor_of(:store_id, :subject) as successor,
       (select coalesce(sum(units_at(:store_id, i.item, null)), 0)::bigint from items_of(:store_id, :subject) i (item)) as units
from products p left join variants v
  on v.store_id = p.store_id and v.variant_id = case when :subject like 'variant/%' then substr(:subject, 9) end
where p.store_id = :store_id and p.product_id = product_of(:store_id, :subject) and is_known(:store_id, :subject);

-- name: terms
-- The alerts that somebody is or was in the line by, or that tell of it now.
with counted as (
    select alert_id,
           coalesce(sum(count) filter (where what = 'waiting'), 0)::bigint as waiting,
           coalesce(sum(units) filter (where what = 'waiting'), 0)::bigint as units,
           coalesce(sum(count) filter (where what = 'unconfirmed'), 0)::bigint as unconfirmed,
           coalesce(sum(count) filter (where what = 'claimed'), 0)::bigint as called,
           coalesce(sum(count) filter (where what = 'told'), 0)::bigint as told,
           coalesce(sum(count) filter (where what = 'left'), 0)::bigint as "left"
    from line_counts where store_id = :store_id and subject = :subject group by 1
), open as (
    select e.*, places(e) as places_now from episodes e where e.store_id = :store_id and e.subject = :subject and e.closed_at is null
), would as (
    select * from would_be_told(array(select id from open))
)
select a.id as alert, a.name, a.type, a.action, a.list_code, l.stores, a.conversation, a.measure = 'nothing' as by_units, a.live, a.retired,
       a.newest_first, a.quantity_threshold, a.contacts_per_unit, a.units_per_contact, a.offer_hours, a.stay_until_bought,
       a.paused_at, c.paused_at as conversation_paused_at,
       (select coalesce(u.name, t.actor) from audit t left join users u on t.actor = 'user ' || u.id
        where c.paused_at is not null and t.action = 'pause conversation' and t.details ->> 'conversation' = a.conversation
           or c.paused_at is null and a.paused_at is not null and t.action = 'pause alert' and t.details ->> 'alert' = a.id
        order by t.id desc limit 1) as paused_by,
       coalesce(n.waiting, 0) as waiting, coalesce(n.units, 0) as units, coalesce(n.unconfirmed, 0) as unconfirmed,
       coalesce(n.called, 0) as called, coalesce(n.told, 0) as told, coalesce(n."left", 0) as "left",
       (select g.since from long_lines g where g.store_id = :store_id and g.subject = :subject and g.alert_id = a.id) as long_since,
       e.opened_at, coalesce(e.available, 0) as available, coalesce(e.arrived, 0) as arrived, coalesce(e.claimed, 0) as claimed,
       case when e.id is null then 0 else e.places_now end as places,
       coalesce(w.told, 0) as next_told, coalesce(w.units, 0) as next_units
from alerts a
join lists l on l.code = a.list_code
join conversations c on c.code = a.conversation
left join counted n on n.alert_id = a.id
left join open e on e.alert_id = a.id
left join would w on w.episode_id = e.id
where n.alert_id is not null or e.id is not null
order by n.waiting desc nulls last, a.id;

-- name: called
-- Those who were called forward.
select w.place as number, w.journey_id, w.contact_id, case when :addresses then coalesce(c.email, c.phone) end as address, w.entered_at,
       j.window_ends_at, w.quantity, w.told_before, j.late, true as called, false as would_be_called, null::text as why_not
from waiting w join journeys j on j.id = w.journey_id join contacts c on c.id = w.contact_id
where w.store_id = :store_id and w.subject = :subject and w.alert_id = :alert and w.state = 'claimed' and w.passed_over_for is null
order by w.entered_at, w.place limit :most;

-- name: people
-- Those who wait, in their alert's order, from where the page before ended.
with next as (
    select n.journey_id from episodes e cross join lateral who_is_next(e, :looked_at) n
    where e.alert_id = :alert and e.store_id = :store_id and e.subject = :subject and e.closed_at is null
), line as (
    (select w.* from waiting w
     where not :newest_first and w.store_id = :store_id and w.subject = :subject and w.alert_id = :alert and w.state = 'waiting'
       and (:after_at::timestamptz is null or (w.entered_at, w.place) > (:after_at, :after_place))
     order by w.entered_at, w.place limit :most)
    union all
    (select w.* from waiting w
     where :newest_first and w.store_id = :store_id and w.subject = :subject and w.alert_id = :alert and w.state = 'waiting'
       and (:after_at::timestamptz is null or (w.entered_at, w.place) < (:after_at, :after_place))
     order by w.entered_at desc, w.place desc limit :most)
)
select l.place as number, l.journey_id, l.contact_id, case when :addresses then coalesce(c.email, c.phone) end as address, l.entered_at,
       j.window_ends_at, l.quantity, l.told_before, j.late, false as called, l.journey_id in (select journey_id from next) as would_be_called,
       case when l.passed_over_for is not null then l.passed_over_for
            when stands_back(jsonb_populate_record(null::waiting, to_jsonb(l))) then 'told_already'
            when exists (select from episodes e
                         where e.alert_id = :alert and e.store_id = :store_id and e.subject = :subject and e.closed_at is null
                           and l.quantity > e.available) then 'fewer_than_wanted' end as why_not
from line l join journeys j on j.id = l.journey_id join contacts c on c.id = l.contact_id
order by extract(epoch from l.entered_at) * case when :newest_first then -1 else 1 end, l.place * case when :newest_first then -1 else 1 end;

-- name: episodes
-- The latest of a line, with what became of the places.
select e.id, e.alert_id as alert, e.opened_at, e.closed_at, e.arrived,
       case when e.contacts_per_unit is not null then e.arrived * e.contacts_per_unit / e.units_per_contact end as places,
       n.*
from (select * from episodes where store_id = :store_id and subject = :subject order by opened_at desc limit :most) e
cross join lateral (
    select count(*) as given, count(*) filter (where c.state = 'given') as called, count(*) filter (where c.state = 'used') as told,
           count(*) filter (where c.state = 'lapsed') as lapsed, count(*) filter (where c.state = 'returned') as returned,
           count(*) filter (where c.state = 'refused') as refused,
           count(*) filter (where c.state = 'used' and exists (
               select from journeys j join orders o on o.contact_id = j.contact_id and o.store_id = j.store_id
               where j.id = c.journey_id and is_about(o, j) and not o.cancelled and o.ordered_at >= c.given_at)) as took
    from claims c where c.episode_id = e.id) n
order by e.opened_at;

-- name: parts
-- How many places were given in each of so many equal parts of these episodes.
select c.episode_id as id, width_bucket(extract(epoch from c.given_at)::float8, extract(epoch from e.opened_at)::float8,
           extract(epoch from greatest(coalesce(e.closed_at, now()), e.opened_at + interval '1 second'))::float8 + 0.001, :parts) as part,
       count(*) as given
from claims c join episodes e on e.id = c.episode_id
where c.episode_id = any(:episodes::bigint[])
group by 1, 2 order by 1, 2;
