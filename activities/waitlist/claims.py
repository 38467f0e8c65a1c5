"""Claims and places in line, in PostgreSQL: who is notified next (promise P2), and who leaves.

Whatever gives, returns or ends a claim goes through here; episodes are `episodes.py`, the arithmetic `allocation.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog
from pydantic import ValidationError

from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.waitlist.episodes import ARMED_AT_ONCE, look_again
from activities.waitlist.line_terms import who_follows
from activities.waitlist.path_entries import PathEntries
from schemas.ids import AlertId, ContactId, JourneyId, StoreId, Subject, VersionId
from schemas.journey.activities import LeftWaitlist
from schemas.journey.path import EnteredStep
from schemas.journey.program import Program
from schemas.journey.shelf import PlacesGiven
from schemas.journey.state import JourneyStart, JourneyState, Phase
from schemas.reasons import Ending, Reason

SQL = load_queries("activities.waitlist", "claims.sql")
log = structlog.get_logger()

CLAIMS_AT_ONCE = 500
"""Claims given in one transaction: large enough to be few, small enough to take milliseconds."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one journey to one notification; `late`: it entered late, and so with a low priority."""

    claim_id: int
    journey_id: JourneyId
    late: bool


@dataclass(frozen=True, slots=True)
class EpisodeOfShelf:
    """An open episode; its subject as the database keeps it."""

    id: int
    subject: str


@dataclass(frozen=True, slots=True)
class NextPlace:
    """A place that is to be given: how many units they want, for how many it is, and what it takes of which item."""

    journey_id: JourneyId
    quantity: int
    units: int
    item: str | None
    share: Decimal


@dataclass(frozen=True, slots=True)
class Freed:
    """What a claim gave back: a place of its subject, a key as in `variant/123`; `item`: whose units it took from."""

    store_id: StoreId
    subject: str
    item: str | None

    async def passes_on(self, connection: Connection) -> None:
        """Ask every shelf to look that may give it to another."""
        await look_again(connection, Subject.from_key(self.store_id, self.subject), self.item)


@dataclass(frozen=True, slots=True)
class JourneyToStart:
    """A journey with all that its workflow starts with; the program as it is stored."""

    id: JourneyId
    contact_id: ContactId
    store_id: StoreId
    subject: str | None
    alert_id: AlertId | None
    entered_on: str | None
    version_id: VersionId
    entered_at: datetime
    window_ends_at: datetime | None
    late: bool
    list_code: str | None
    unconfirmed: bool
    program: object

    def start(self) -> JourneyStart:
        """The input of its workflow.

        Raises:
            ValidationError: this release cannot read its program.
        """
        return JourneyStart(
            journey_id=self.id,
            contact_id=self.contact_id,
            store_id=self.store_id,
            subject=Subject.from_key(self.store_id, self.subject) if self.subject is not None else None,
            alert_id=self.alert_id,
            entered_on=self.entered_on,
            entered_at=self.entered_at,
            window_ends_at=self.window_ends_at,
            program=Program.model_validate(self.program),
            state=JourneyState(phase=self._phase),
            late=self.late,
            list_code=self.list_code,
        )

    @property
    def _phase(self) -> Phase:
        if self.unconfirmed:
            return Phase.UNCONFIRMED
        # Who enters late waits in line at once: the confirmation would speak of a sign-up long past.
        return Phase.WAITING if self.late else Phase.ENTERED


class Waitlist:
    """Claims, places in line, and the ends of journeys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._path_entries = PathEntries(pool)

    async def give_places(self, subject: Subject) -> PlacesGiven:
        """Claim the next in line of every open episode of the subject; dismiss them if it is gone for good.

        Not those who wait for its successor instead: their line is moved (line_moves.py).

        As long as a rise of the measure has not armed all that it arms, some are armed and no place is given.
        """
        store_id, key = subject.store_id, subject.key
        async with transaction(self._pool) as connection:
            await SQL.hold_product.run(connection, store_id=store_id, subject=key)
            if await arm_some(connection, subject):
                return PlacesGiven(to_notify=0, more=True)
            following = await who_follows(connection, subject)
            stay = () if following is None else following.stay
            dismissed = await SQL.dismiss.values(
                connection, store_id=store_id, subject=key, stay=stay, most=CLAIMS_AT_ONCE
            )
            more = len(dismissed) == CLAIMS_AT_ONCE
            episodes = await SQL.open_episodes.rows(connection, EpisodeOfShelf, store_id=store_id, subject=key)
            await SQL.hold_supplies.run(connection, store_id=store_id, subject=key)
            for episode in episodes:
                # One by one: what the one before gave is not there for the next.
                given = await _claim(connection, episode)
                if given.claims and episode.subject != key:
                    await SQL.ask_to_notify.run(connection, store_id=store_id, subject=episode.subject)
                if given.more:
                    # Weaker reasons come after all of the stronger ones.
                    more = True
                    break
            left = await SQL.left_to_do.one(connection, _LeftToDo, store_id=store_id, subject=key, stay=stay)
        return PlacesGiven(to_notify=left.to_notify, more=more or left.undecided)

    async def claims_to_notify(self, subject: Subject, limit: int) -> list[Claim]:
        """Claims whose journeys have not been signalled yet, in order."""
        return await SQL.claims_to_notify.rows(
            self._pool, Claim, store_id=subject.store_id, subject=subject.key, most=limit
        )

    async def mark_notified(self, claims: list[Claim]) -> None:
        """These journeys were signalled."""
        await SQL.mark_notified.run(self._pool, claim_ids=[claim.claim_id for claim in claims])

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
        for journey in await SQL.journey_start.rows(connection or self._pool, JourneyToStart, journey_ids=journey_ids):
            try:
                starts[journey.id] = journey.start()
            except ValidationError as error:
                log.error(
                    "program not readable",
                    journey=journey.id,
                    version=journey.version_id,
                    errors=error.error_count(),
                )
        return starts

    async def leave_waitlist(self, journey_id: JourneyId, reason: Reason) -> LeftWaitlist:
        """Leave the line; one to whom a claim was given just before does not leave, and learns which claim it is."""
        async with transaction(self._pool) as connection:
            if await SQL.leave_waitlist.value(connection, journey_id=journey_id, reason=reason):
                return LeftWaitlist(claim_id=None)
            return LeftWaitlist(claim_id=await SQL.open_claim.value(connection, journey_id=journey_id))

    async def close(
        self, journey_id: JourneyId, ending: Ending, reason: Reason | None, entered: Sequence[EnteredStep] = ()
    ) -> None:
        """Record a journey's end and the last stays of its path. A claim it never used lapses; its place passes on."""
        await self._path_entries.record(journey_id, entered)
        end = {"journey_id": journey_id, "ending": ending, "reason": reason}
        if await SQL.close_settled.value(self._pool, **end) is not None:
            return
        async with transaction(self._pool) as connection:
            await give_up_place(connection, journey_id, "lapsed", reason or Reason.NO_MESSAGE)
            await SQL.close_journey.run(connection, **end)

    async def lapse_offers(self) -> int:
        """Offers nobody took up in time pass to the next in line. Returns how many lapsed."""
        async with transaction(self._pool) as connection:
            due: list[int] = await SQL.offers_due.values(connection, most=CLAIMS_AT_ONCE)
            await hold_products_of(connection, due)
            await SQL.keep_taken_offers.run(connection, claim_ids=due)
            lapsed = await SQL.lapse_offers.rows(connection, Freed, claim_ids=due)
            for freed in set(lapsed):
                await freed.passes_on(connection)
        return len(lapsed)


@dataclass(frozen=True, slots=True)
class _LeftToDo:
    """What a look leaves to do: how many to notify; `undecided`: some are neither dismissed nor moved so far."""

    to_notify: int
    undecided: bool


@dataclass(frozen=True, slots=True)
class _Given:
    """Claims given in one go; `more`: there may be others whom a place is there for."""

    claims: int
    more: bool


async def _claim(connection: Connection, episode: EpisodeOfShelf) -> _Given:
    """Give the places of this episode to the next in line, `CLAIMS_AT_ONCE` at most."""
    most = CLAIMS_AT_ONCE
    places = await SQL.who_is_next.rows(connection, NextPlace, episode_id=episode.id, most=most)
    if not places:
        return _Given(0, False)
    claims = await SQL.claim.values(
        connection,
        episode_id=episode.id,
        journey_ids=[place.journey_id for place in places],
        quantities=[place.quantity for place in places],
        units=[place.units for place in places],
        items=[place.item for place in places],
        shares=[place.share for place in places],
    )
    # Who left the line between the two questions leaves a place to one behind them.
    return _Given(len(claims), len(places) == most or len(claims) < len(places))


async def hold_products_of(connection: Connection, claims: Sequence[int]) -> None:
    """Hold the products of these claims: a sign-up, or a place given up, of the same moment comes before or after."""
    await SQL.hold_products_of.run(connection, claim_ids=claims)


async def arm_some(connection: Connection, subject: Subject) -> bool:
    """Arm some whom a rise of the measure arms, whose product is held; whether there was such a rise."""
    armed = await SQL.arm.value(connection, store_id=subject.store_id, subject=subject.key, most=ARMED_AT_ONCE)
    return armed is not None


async def return_to_line(connection: Connection, journey_id: JourneyId, reason: Reason) -> None:
    """The claim is given back; the journey waits again at its old place.

    Where the reason does not pass by itself, it is given no other place until something has changed.
    """
    await SQL.hold_product_of.run(connection, journey_id=journey_id)
    freed = await SQL.settle_claim.row(connection, Freed, journey_id=journey_id, state="returned")
    passed_over_for = None if reason.passes_by_itself else reason
    await SQL.back_in_line.run(connection, journey_id=journey_id, passed_over_for=passed_over_for)
    if freed is not None:
        await freed.passes_on(connection)


async def give_up_place(connection: Connection, journey_id: JourneyId, as_: str, reason: Reason) -> None:
    """The journey leaves the line for good; a claim it holds ends as `as_` and its place passes to the next."""
    await SQL.hold_product_of.run(connection, journey_id=journey_id)
    freed = await SQL.settle_claim.row(connection, Freed, journey_id=journey_id, state=as_)
    await SQL.leave_line.run(connection, journey_id=journey_id, reason=reason)
    if freed is not None:
        await freed.passes_on(connection)


async def give_up_used_place(connection: Connection, journey_id: JourneyId, reason: Reason) -> None:
    """The message that used the journey's place reached nobody: the place passes on, and the journey ends."""
    await SQL.hold_product_of_told.run(connection, journey_id=journey_id)
    freed = await SQL.refuse_used_claim.row(connection, Freed, journey_id=journey_id)
    await SQL.not_told.run(connection, journey_id=journey_id, reason=reason)
    if freed is not None:
        await freed.passes_on(connection)
