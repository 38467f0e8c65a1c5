"""The waiting list in PostgreSQL: who stands where, and who is called forward next (promise P2).

Everything that changes an episode or a claim goes through here; the arithmetic is activities/allocation.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from activities.postgres.pool import Connection, Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.stock.offers import Product
from activities.waitlist.allocation import Episode, observe
from schemas.document.alert_types.offer import Offer
from schemas.document.alert_types.registry import ALERT_TYPES
from schemas.document.alert_types.vocabulary import AlertType
from schemas.ids import AlertId, ContactId, JourneyId, Level, StoreId, Subject
from schemas.journey.activities import LeftWaitlist
from schemas.journey.program import Program
from schemas.journey.shelf import PlacesGiven
from schemas.journey.state import JourneyStart, JourneyState, Phase
from schemas.reasons import Ending, Reason

SQL = load_queries("activities.waitlist", "queries.sql")
log = structlog.get_logger()

CLAIMS_AT_ONCE = 500
"""Claims given in one transaction: large enough to be few, small enough to take milliseconds."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one journey to one notification."""

    claim_id: int
    journey_id: JourneyId


class Waitlist:
    """Places in line, episodes and claims."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def give_places(self, subject: Subject) -> PlacesGiven:
        """Claim the next in line of every open episode of the subject; dismiss them if it is gone for good."""
        async with transaction(self._pool) as connection:
            await connection.execute(SQL["share_product"], *_key(subject))
            dismissed = await connection.fetch(SQL["dismiss"], *_key(subject), CLAIMS_AT_ONCE)
            more = len(dismissed) == CLAIMS_AT_ONCE
            for row in await connection.fetch(SQL["open_episodes"], *_key(subject)):
                places: int | None = row["places"]
                batch = CLAIMS_AT_ONCE if places is None else min(places, CLAIMS_AT_ONCE)
                if batch:
                    query = SQL["claim_last_in" if row["newest_first"] else "claim_first_in"]
                    given = await connection.fetch(
                        query, row["id"], row["alert_id"], *_key(subject), batch, row["measure"]
                    )
                    more = more or len(given) == CLAIMS_AT_ONCE
            to_notify = await connection.fetchval(SQL["count_to_notify"], *_key(subject))
        return PlacesGiven(to_notify=to_notify, more=more)

    async def claims_to_notify(self, subject: Subject, limit: int) -> list[Claim]:
        """Claims whose journeys have not been signalled yet, in order."""
        rows = await self._pool.fetch(SQL["claims_to_notify"], *_key(subject), limit)
        return [Claim(row["claim_id"], row["journey_id"]) for row in rows]

    async def mark_notified(self, claims: list[Claim]) -> None:
        """These journeys were signalled."""
        await self._pool.execute(SQL["mark_notified"], [claim.claim_id for claim in claims])

    async def starts(
        self, journey_ids: list[JourneyId], connection: Connection | None = None
    ) -> dict[JourneyId, JourneyStart]:
        """The start inputs of these journeys, for whoever starts or signals their workflows.

        A journey whose program this release cannot read (a newer one published it) is left out, and logged: one such
        row must not hold up the others.

        Args:
            connection: the caller's own, when it holds one.
        """
        starts: dict[JourneyId, JourneyStart] = {}
        for row in await (connection or self._pool).fetch(SQL["journey_start"], journey_ids):
            try:
                starts[row["id"]] = _start(row)
            except ValidationError as error:
                log.error(
                    "program not readable", journey=row["id"], version=row["version_id"], errors=error.error_count()
                )
        return starts

    async def leave_waitlist(self, journey_id: JourneyId, reason: Reason) -> LeftWaitlist:
        """Leave the line, unless a claim was given just before: then that claim is the answer."""
        async with transaction(self._pool) as connection:
            if await connection.fetchval(SQL["leave_waitlist"], journey_id, reason):
                return LeftWaitlist(claim_id=None)
            return LeftWaitlist(claim_id=await connection.fetchval(SQL["claim_in_hand"], journey_id))

    async def close(self, journey_id: JourneyId, ending: Ending, reason: Reason | None) -> None:
        """Record a journey's end. A claim it never used lapses, and its place passes on."""
        if await self._pool.fetchval(SQL["close_settled"], journey_id, ending, reason) is not None:
            return
        async with transaction(self._pool) as connection:
            await give_up_place(connection, journey_id, "lapsed", reason or Reason.NO_MESSAGE)
            await connection.execute(SQL["close_journey"], journey_id, ending, reason)

    async def lapse_offers(self) -> int:
        """Offers nobody took up in time pass to the next in line. Returns how many lapsed."""
        async with transaction(self._pool) as connection:
            await connection.execute(SQL["keep_taken_offers"])
            rows = await connection.fetch(SQL["lapse_offers"], CLAIMS_AT_ONCE)
            for store_id, key in {(row["store_id"], row["subject"]) for row in rows}:
                await look_again(connection, Subject.from_key(store_id, key))
        return len(rows)


async def update_episodes(
    connection: Connection, store_id: StoreId, product_id: str, product: Product, changed: Iterable[str]
) -> None:
    """Bring the episodes of these variants, and of the product, to what is offered now; ask shelves to look.

    The caller holds the product's row lock.
    """
    variants = [Subject(store_id=store_id, level=Level.VARIANT, id=variant_id) for variant_id in changed]
    subjects = [*variants, Subject(store_id=store_id, level=Level.PRODUCT, id=product_id)]
    keys = [subject.key for subject in subjects]
    alerts = await connection.fetch(SQL["alerts"], store_id, keys)
    known = {
        (row["alert_id"], row["subject"]): row for row in await connection.fetch(SQL["episodes_of"], store_id, keys)
    }
    for subject in subjects:
        moved = False
        for alert in alerts:
            if alert["level"] == subject.level:
                offer = product.offer(subject.level, subject.id, alert["locations"])
                episode = known.get((alert["id"], subject.key))
                moved = await _observe(connection, alert, subject, offer, episode) or moved
        if moved:
            await look_again(connection, subject)
    await connection.execute(
        SQL["look_at_departures"],
        store_id,
        product_id,
        [s.key for s in subjects if _gone(product, s)],
    )


def _gone(product: Product, subject: Subject) -> bool:
    """Whether the subject may be gone for good; the query that dismisses decides."""
    if subject.level is Level.PRODUCT:
        return not product.on_sale
    variant = product.variants.get(subject.id)
    return not product.on_sale or variant is None or variant.removed


async def _observe(connection: Connection, alert: Row, subject: Subject, offer: Offer, row: Row | None) -> bool:
    """Whether an episode opened, grew, shrank, ended or changed its measure."""
    type_ = ALERT_TYPES[AlertType(alert["type"])]
    known = _episode(row) if row is not None else None
    available, measure = offer.available(type_.measure), offer.measured(type_.measure)
    episode = observe(known, available, alert["quantity_threshold"], alert["contacts_per_unit"])
    if episode is None or (row is not None and episode == known and measure == row["measure"]):
        return False
    if row is None:
        await connection.execute(
            SQL["open_episode"],
            alert["id"],
            *_key(subject),
            episode.contacts_per_unit,
            episode.available,
            episode.arrived,
            measure,
        )
    else:
        await connection.execute(SQL["update_episode"], row["id"], episode.available, episode.arrived, measure)
    if type_.crosses:
        await connection.execute(SQL["arm"], alert["id"], *_key(subject), measure)
    return True


async def look_again(connection: Connection, subject: Subject) -> None:
    """Ask the subject's shelf to look, if there is anyone to call and a place to give."""
    await connection.execute(SQL["look_again"], *_key(subject))


async def return_to_line(connection: Connection, journey_id: JourneyId) -> None:
    """The claim is given back; the journey waits again at its old place."""
    await connection.execute(SQL["hold_line"], journey_id)
    row = await connection.fetchrow(SQL["settle_claim"], journey_id, "returned")
    await connection.execute(SQL["back_in_line"], journey_id)
    if row is not None:
        await look_again(connection, _subject(row))


async def give_up_place(connection: Connection, journey_id: JourneyId, as_: str, reason: Reason) -> None:
    """The journey leaves the line for good; a claim it holds ends as `as_` and its place passes to the next."""
    await connection.execute(SQL["hold_line"], journey_id)
    row = await connection.fetchrow(SQL["settle_claim"], journey_id, as_)
    await connection.execute(SQL["leave_line"], journey_id, reason)
    if row is not None:
        await look_again(connection, _subject(row))


def _start(row: Row) -> JourneyStart:
    return JourneyStart(
        journey_id=row["id"],
        contact_id=ContactId(row["contact_id"]),
        store_id=StoreId(row["store_id"]),
        subject=_subject(row) if row["subject"] is not None else None,
        alert_id=AlertId(row["alert_id"]) if row["alert_id"] is not None else None,
        entered_on=row["entered_on"],
        entered_at=row["entered_at"],
        window_ends_at=row["window_ends_at"],
        program=Program.model_validate(row["program"]),
        # Who enters late stands in line at once: the confirmation would speak of a sign-up long past.
        state=JourneyState(phase=Phase.WAITING) if row["late"] else JourneyState(),
        late=row["late"],
        list_code=row["list_code"],
    )


def _episode(row: Row) -> Episode:
    return Episode(row["contacts_per_unit"], row["available"], row["arrived"], row["claimed"])


def _subject(row: Row) -> Subject:
    return Subject.from_key(row["store_id"], row["subject"])


def _key(subject: Subject) -> tuple[str, str]:
    return subject.store_id, subject.key
