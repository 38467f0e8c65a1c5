"""The rules of the waiting list that must hold in the database after every step, whoever did what."""

from activities.postgres.pool import Pool

_RULES = {
    "episodes.claimed is the number of claims that count": """
        select e.id from episodes e
        where e.claimed <> (
            select count(*) from claims c where c.episode_id = e.id and c.state in ('given', 'used'))""",
    "P2: claims never exceed contacts per unit × units arrived": """
        select id from episodes where claimed > contacts_per_unit * arrived""",
    "an open episode has units, and a closed one none": """
        select id from episodes where (closed_at is null) <> (available > 0)""",
    "who is claimed has a claim in hand, and nobody else has": """
        select w.journey_id from waiting w
        where (w.state = 'claimed') <> exists (
            select from claims c where c.journey_id = w.journey_id and c.state = 'given')""",
    "who was told has used a claim, and nobody else has": """
        select w.journey_id from waiting w join journeys j on j.id = w.journey_id
        where (w.state = 'told') <> exists (
            select from claims c where c.journey_id = w.journey_id and c.state = 'used')
           or (w.state = 'told' and j.told_at is null)""",
    "only one who was cancelled while the message left is told and yet out of line": """
        select w.journey_id from waiting w join journeys j on j.id = w.journey_id
        where j.told_at is not null and w.state not in ('told', 'left')""",
    "who has ended stands in no line": """
        select w.journey_id from waiting w join journeys j on j.id = w.journey_id
        where j.ended_at is not null and w.state in ('waiting', 'claimed')""",
    "a contact stands in a line once": """
        select contact_id from waiting where state in ('waiting', 'claimed')
        group by alert_id, contact_id, store_id, subject having count(*) > 1""",
    "no wake-up is lost: where someone waits and there is a place, the shelf is asked to look": """
        select e.id from episodes e
        where e.closed_at is null
          and least(e.contacts_per_unit * e.arrived - e.claimed, e.contacts_per_unit * e.available) > 0
          and exists (
              select from waiting w
              where (w.alert_id, w.store_id, w.subject) = (e.alert_id, e.store_id, e.subject)
                and w.state = 'waiting')
          and not exists (
              select from outbox o
              where o.kind = 'look_again' and (o.store_id, o.subject) = (e.store_id, e.subject))""",
}


async def broken_rules(pool: Pool) -> list[str]:
    """The rules that do not hold now, each with what broke it."""
    broken: list[str] = []
    for rule, query in _RULES.items():
        found = await pool.fetch(query)
        if found:
            broken.append(f"{rule}: {[row[0] for row in found]}")
    return broken
