"""The rules of the waiting list that must hold in the database after every step, whoever did what."""

from collections.abc import Iterable

from activities.postgres.pool import Pool
from schemas.ids import Subject

_RULES = {
    "episodes.claimed is the units that claims that count are for": """
        select e.id from episodes e
        where e.claimed <> (
            select coalesce(sum(c.units), 0) from claims c
            where c.episode_id = e.id and c.state in ('given', 'used'))""",
    "P2: claims never exceed contacts per unit × units arrived": """
        select id from episodes where claimed > contacts_per_unit * arrived""",
    "P2: no more is taken of the units of an item than arrived, by all alerts, levels and lists together": """
        select s.item from supplies s
        where s.arrived < (
            select coalesce(sum(trunc(c.units::numeric / e.contacts_per_unit, 12)), 0)
            from claims c join episodes e on e.id = c.episode_id
            where e.store_id = s.store_id and c.item = s.item and c.id > s.since_claim and c.state in ('given', 'used')
              and (s.locations is null or c.locations <@ s.locations))""",
    "supplies.taken is what the claims that count take": """
        select s.item from supplies s
        where s.taken <> (
            select coalesce(sum(c.share), 0) from claims c join episodes e on e.id = c.episode_id
            where e.store_id = s.store_id and c.item = s.item and c.id > s.since_claim and c.state in ('given', 'used')
              and takes_from(s.locations, c.locations))""",
    "a claim takes its share of a unit of its subject, and none where everyone is told": """
        select c.id from claims c join episodes e on e.id = c.episode_id
        where c.share <> coalesce(trunc(c.units::numeric / e.contacts_per_unit, 12), 0) or c.units < e.units_per_contact
           or (c.item is not null and not exists (
               select from variants v
               where v.store_id = e.store_id and v.stock_item = c.item
                 and e.subject in ('variant/' || v.variant_id, 'product/' || v.product_id)))""",
    "an open episode has units, and a closed one none": """
        select id from episodes where (closed_at is null) <> (available > 0)""",
    "who is claimed has a claim in hand, and nobody else has": """
        select w.journey_id from waiting w
        where (w.state = 'claimed') <> exists (
            select from claims c where c.journey_id = w.journey_id and c.state = 'given')""",
    "who was told has used a claim, which may have lapsed since, and nobody else has": """
        select w.journey_id from waiting w join journeys j on j.id = w.journey_id
        where (w.state = 'told') <> exists (
            select from claims c
            where c.journey_id = w.journey_id and (c.state = 'used' or c.lapsed_reason = 'offer_lapsed'))
           or (w.state = 'told' and j.told_at is null)""",
    "only an offer that was made lapses, and only one that is open will": """
        select id from claims
        where (lapsed_reason is not null and state <> 'lapsed') or (lapses_at is not null and state <> 'used')""",
    "nobody is told twice of one thing": """
        select journey_id from claims where state = 'used' or lapsed_reason = 'offer_lapsed'
        group by journey_id having count(*) > 1""",
    "P9: nobody is being told of one thing by two alerts at once": """
        select w.journey_id
        from waiting w cross join lateral other_places(w) o where w.state = 'claimed' and o.state = 'claimed'""",
    "P9: nobody is told of what was there when they were told of it already, by whatever alert": """
        select second.journey_id
        from claims first join waiting v on v.journey_id = first.journey_id
        join claims second on second.settled_at > first.settled_at
        join waiting w on w.journey_id = second.journey_id join episodes e on e.id = second.episode_id
        where (first.state = 'used' or first.lapsed_reason is not null)
          and (second.state = 'used' or second.lapsed_reason is not null)
          and w.contact_id = v.contact_id and w.type = v.type and w.store_id = v.store_id
          and w.journey_id <> v.journey_id
          -- Who wants more than was there then is told once there is as much.
          and w.quantity = 1
          and w.trigger_at is null and w.entered_at <= first.settled_at and e.opened_at <= first.settled_at
          and v.subject in (select subject from subjects_of_thing(w.store_id, w.subject))""",
    "who stays until they bought follows a journey of theirs that has ended, in its window, and counts on": """
        select w.journey_id
        from waiting w join journeys j on j.id = w.journey_id
        left join journeys before on before.id = j.stays_from left join waiting v on v.journey_id = before.id
        where (w.told_before > 0) <> (j.stays_from is not null)
           or (w.told_before > 0 and not coalesce(
               before.ended_at is not null and w.told_before = v.told_before + 1 and v.place < w.place
               and (v.contact_id, v.alert_id, before.entered_at, before.window_ends_at)
                   = (w.contact_id, w.alert_id, j.entered_at, j.window_ends_at), false))""",
    "P7: who has ended untold, or stands in line no more, has a reason on record": """
        select j.id from journeys j join waiting w on w.journey_id = j.id
        where j.told_at is null and (j.ended_at is not null or w.state = 'left')
          and coalesce(j.reason, w.reason) is null""",
    "who waits for few to be left is armed once there are more": """
        select w.journey_id
        from waiting w join alerts a on a.id = w.alert_id
        join episodes e on (e.alert_id, e.store_id, e.subject) = (w.alert_id, w.store_id, w.subject)
        where a.type = 'low-inventory' and w.state = 'waiting' and e.closed_at is null
          and e.measure > w.trigger_at and not w.armed
          and not exists (
              select from rises r
              where (r.alert_id, r.store_id, r.subject) = (w.alert_id, w.store_id, w.subject)
                and r.measure > w.trigger_at and r.last_place >= w.place)""",
    "who was called at a bound was armed for it": """
        select c.id from claims c join waiting w on w.journey_id = c.journey_id where not w.armed""",
    "only one who was cancelled while the message left is told and yet out of line": """
        select w.journey_id from waiting w join journeys j on j.id = w.journey_id
        where j.told_at is not null and w.state not in ('told', 'left')""",
    "who has ended stands in no line": """
        select w.journey_id from waiting w join journeys j on j.id = w.journey_id
        where j.ended_at is not null and w.state in ('waiting', 'claimed')""",
    "who is passed over has paused, or not confirmed, or gave back a place of an episode that is as it was": """
        select w.journey_id from waiting w
        where w.passed_over_for is not null and w.state = 'waiting' and not case w.passed_over_for
            when 'contact_paused' then exists (
                select from contacts c where c.id = w.contact_id and c.paused_until is not null)
            when 'not_confirmed' then exists (
                select from confirmations f where f.journey_id = w.journey_id and f.confirmed_at is null)
            else exists (
                select from claims c join episodes e on e.id = c.episode_id
                where c.journey_id = w.journey_id and c.state = 'returned' and e.closed_at is null
                  and e.changed_at < c.given_at) end""",
    "a journey is of the product that its variant is of": """
        select j.id from journeys j
        join variants v on v.store_id = j.store_id and 'variant/' || v.variant_id = j.subject
        where v.product_id <> j.product_id""",
    "a contact stands in a line once": """
        select contact_id from waiting where state in ('waiting', 'claimed')
        group by alert_id, contact_id, store_id, subject having count(*) > 1""",
    "no wake-up is lost: where someone waits and there is a place, the shelf is asked to look, unless it is paused": """
        select e.id
        from episodes e join alerts a on a.id = e.alert_id join conversations co on co.code = a.conversation
        where e.closed_at is null and a.paused_at is null and co.paused_at is null
          and exists (
              select from waiting w
              where (w.alert_id, w.store_id, w.subject) = (e.alert_id, e.store_id, e.subject)
                and w.state = 'waiting' and w.passed_over_for is null
                and case when e.contacts_per_unit is null then w.quantity = 1 or exists (
                             select from units_left(e) l where l.there >= w.quantity)
                         else greatest(w.quantity, e.units_per_contact) <= least(
                                  e.contacts_per_unit * e.arrived - e.claimed, e.contacts_per_unit * e.available)
                              and exists (
                                  select from units_left(e) l
                                  where l.there >= w.quantity and l.units >= trunc(
                                      greatest(w.quantity, e.units_per_contact)::numeric / e.contacts_per_unit, 12)) end
                and (w.trigger_at is null or (w.armed and w.trigger_at >= e.measure)) and not stands_back(w))
          and not exists (select from looking l where (l.store_id, l.subject) = (e.store_id, e.subject))""",
}
_CALLS = {
    "a rise that has not armed all that it arms is looked at": """
        select r.id from rises r
        where not exists (select from looking l where (l.store_id, l.subject) = (r.store_id, r.subject))""",
    "who has a place is being called": """
        select c.journey_id from claims c join episodes e on e.id = c.episode_id
        where c.state = 'given' and c.notified_at is null
          and not exists (select from looking l where (l.store_id, l.subject) = (e.store_id, e.subject))""",
    "who waits for what is gone for good is being told so, or moved to its successor": """
        select w.journey_id
        from waiting w join journeys j on j.id = w.journey_id
        join products p on (p.store_id, p.product_id) = (j.store_id, j.product_id)
        where w.state = 'waiting'
          and (p.discontinued_at is not null or exists (
              select from variants v
              where v.store_id = w.store_id and 'variant/' || v.variant_id = w.subject and v.removed))
          and not exists (select from looking l where (l.store_id, l.subject) = (w.store_id, w.subject))""",
}
"""Who is to be called, by a shelf that is at work. Not for tests that give places and call nobody."""
_LOOKING = """
    with looking as (
        select store_id, subject from outbox where kind = 'look_again'
        union select * from unnest($1::text[], $2::text[])
    ) """


async def broken_rules(pool: Pool, at_work: Iterable[Subject] | None = None) -> list[str]:
    """The rules that do not hold now, each with what broke it.

    Args:
        at_work: the shelves that look already; None: whatever is called or not is not looked at either.
    """
    broken: list[str] = []
    shelves = list(at_work or ())
    looking = [shelf.store_id for shelf in shelves], [shelf.key for shelf in shelves]
    for rule, query in (_RULES if at_work is None else {**_RULES, **_CALLS}).items():
        found = await pool.fetch(_LOOKING + query, *looking)
        if found:
            broken.append(f"{rule}: {[row[0] for row in found]}")
    return broken
