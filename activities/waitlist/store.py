"""The waiting list in PostgreSQL: who stands where, and who is called forward next (promise P2).

Everything that changes an episode or a claim goes through here; the arithmetic is activities/allocation.
"""

from dataclasses import dataclass

from activities.allocation import Episode, observe
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.ids import AlertId, ContactId, JourneyId, StoreId, Subject
from schemas.journey import JourneyStart, PlacesGiven, SteppedOut
from schemas.program import Program
from schemas.reasons import Ending, Reason

SQL = load_queries("activities.waitlist", "queries.sql")

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
        """Claim the next waiting journeys of every open episode of the subject."""
        more = False
        async with transaction(self._pool) as connection:
            await connection.execute(SQL["share_variant"], *_key(subject))
            for row in await connection.fetch(SQL["open_episodes"], *_key(subject)):
                episode = Episode(row["contacts_per_unit"], row["available"], row["arrived"], row["claimed"])
                batch = min(episode.places, CLAIMS_AT_ONCE)
                if batch:
                    given = await connection.fetch(SQL["claim_next"], row["id"], row["alert_id"], *_key(subject), batch)
                    more = more or len(given) == CLAIMS_AT_ONCE
            to_call = await connection.fetchval(SQL["count_to_call"], *_key(subject))
        return PlacesGiven(to_call=to_call, more=more)

    async def claims_to_call(self, subject: Subject, limit: int) -> list[Claim]:
        """Claims whose journeys have not been signalled yet, in order."""
        rows = await self._pool.fetch(SQL["claims_to_call"], *_key(subject), limit)
        return [Claim(row["claim_id"], row["journey_id"]) for row in rows]

    async def mark_called(self, claims: list[Claim]) -> None:
        """These journeys were signalled."""
        await self._pool.execute(SQL["mark_called"], [claim.claim_id for claim in claims])

    async def starts(self, journey_ids: list[JourneyId]) -> dict[JourneyId, JourneyStart]:
        """The start inputs of these journeys, for whoever starts or signals their workflows."""
        rows = await self._pool.fetch(SQL["journey_start"], journey_ids)
        return {
            row["id"]: JourneyStart(
                journey_id=row["id"],
                contact_id=ContactId(row["contact_id"]),
                subject=Subject(store_id=StoreId(row["store_id"]), variant_id=row["variant_id"]),
                alert_id=AlertId(row["alert_id"]),
                entered_at=row["entered_at"],
                window_ends_at=row["window_ends_at"],
                program=Program.model_validate(row["program"]),
            )
            for row in rows
        }

    async def step_out(self, journey_id: JourneyId, reason: Reason) -> SteppedOut:
        """Leave the line, unless a claim was given just before: then that claim is the answer."""
        async with transaction(self._pool) as connection:
            if await connection.fetchval(SQL["step_out"], journey_id, reason):
                return SteppedOut(claim_id=None)
            return SteppedOut(claim_id=await connection.fetchval(SQL["claim_in_hand"], journey_id))

    async def close(self, journey_id: JourneyId, ending: Ending, reason: Reason | None) -> None:
        """Record a journey's end. A claim it never used lapses, and its place passes on."""
        if await self._pool.fetchval(SQL["close_settled"], journey_id, ending, reason) is not None:
            return
        async with transaction(self._pool) as connection:
            await give_up_place(connection, journey_id, "lapsed", reason or Reason.NO_MESSAGE)
            await connection.execute(SQL["close_journey"], journey_id, ending, reason)


async def reshelve(connection: Connection, subject: Subject, available: int) -> None:
    """Bring the subject's episodes to what is available now, and ask the shelf to look if there are places to give.

    The caller holds the variant's row lock.
    """
    for row in await connection.fetch(SQL["watching_alerts"], *_key(subject)):
        known = (
            Episode(row["episode_contacts_per_unit"], row["available"], row["arrived"], row["claimed"])
            if row["id"] is not None
            else None
        )
        episode = observe(known, available, row["quantity_threshold"], row["contacts_per_unit"])
        if episode is None or episode == known:
            continue
        if known is None:
            await connection.execute(
                SQL["open_episode"],
                row["alert_id"],
                *_key(subject),
                episode.contacts_per_unit,
                episode.available,
                episode.arrived,
            )
        else:
            await connection.execute(SQL["update_episode"], row["id"], episode.available, episode.arrived)
    await look_again(connection, subject)


async def look_again(connection: Connection, subject: Subject) -> None:
    """Ask the subject's shelf to look, if there is anyone to call and a place to give."""
    await connection.execute(SQL["look_again"], *_key(subject))


async def return_to_line(connection: Connection, journey_id: JourneyId) -> None:
    """The claim is given back; the journey waits again at its old place."""
    row = await connection.fetchrow(SQL["settle_claim"], journey_id, "returned")
    await connection.execute(SQL["back_in_line"], journey_id)
    if row is not None:
        await look_again(connection, Subject(store_id=row["store_id"], variant_id=row["variant_id"]))


async def give_up_place(connection: Connection, journey_id: JourneyId, as_: str, reason: Reason) -> None:
    """The journey leaves the line for good; a claim it holds ends as `as_` and its place passes to the next."""
    await connection.execute(SQL["hold_line"], journey_id)
    row = await connection.fetchrow(SQL["settle_claim"], journey_id, as_)
    await connection.execute(SQL["leave_line"], journey_id, reason)
    if row is not None:
        await look_again(connection, Subject(store_id=row["store_id"], variant_id=row["variant_id"]))


def _key(subject: Subject) -> tuple[str, str]:
    return subject.store_id, subject.variant_id
