"""Audited repair: what is held up is tried again, passed over or finished by hand. Never is anything sent twice (P1).

A repair is one transaction: what it does to the ledger, the signal in the outbox, and who did it and why.
"""

from dataclasses import dataclass
from typing import assert_never

from activities.postgres.pool import Connection, Pool, Row, transaction
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId, StepId
from schemas.journey import Skip, Wake
from schemas.outcome import Refused, Then
from schemas.reasons import Reason
from schemas.repair import Repair, RepairPlan, Resumed, StoppedGroup, Stuck
from starter.journeys import NoSuchJourney

SQL = load_queries("starter", "repair.sql")

STOPPING = (Reason.MESSAGE_BROKEN, Reason.WEBHOOK_FAILED)
"""Causes that hold a journey up until somebody mends them. A message that waits for approval is no fault."""
MAY_BE_ON_ITS_WAY = ("sending", "sent", "unknown")


class NotRepairable(Exception):
    """The journey does not rest where a repair could do anything; the text says why."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and why: for the audit."""

    actor: str
    why: str


class Repairs:
    """Repairs over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def stuck(self) -> Stuck:
        """What does not go on by itself, by cause, version and step; at most 500 groups, the oldest first."""
        rows = await self._pool.fetch(SQL["stuck"], [*STOPPING, Reason.AWAITING_APPROVAL])
        others = await self._pool.fetchrow(SQL["others"])
        assert others is not None, "counts always give a row"
        groups = tuple(StoppedGroup(**dict(row), why=Reason(row["cause"]).sentence) for row in rows)
        return Stuck(groups=groups, calls_parked=others["parked"], messages_unknown=others["unknown"])

    async def repair(self, journey_id: JourneyId, repair: Repair, by: By | None) -> RepairPlan:
        """Do one repair; with nobody who asks for it (`by` None) only say what it would do.

        Raises:
            NoSuchJourney: as it says.
            NotRepairable: it has ended, stands in line, or its message may be on its way.
        """
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(SQL["standing"], journey_id)
            if row is None:
                raise NoSuchJourney(journey_id)
            _check(row, repair)
            if by is not None:
                await _do(connection, row, repair)
                details = {"journey": journey_id, "step": row["at_step"], "why": by.why}
                await connection.execute(SQL["audit"], by.actor, f"repair_{repair}", details)
        return RepairPlan(
            journey=journey_id,
            repair=repair,
            step=row["at_step"],
            since=row["at_since"],
            cause=Reason(row["held_up_by"]) if row["held_up_by"] else None,
            sentence=_sentence(row, repair),
            done=by is not None,
        )

    async def resume(self, cause: Reason, conversation: str | None, step: str | None, by: By | None) -> Resumed:
        """Let all that are stopped by one cause try again; with `by` None only count them.

        Raises:
            NotRepairable: nothing is ever stopped by this.
        """
        if cause not in STOPPING:
            raise NotRepairable(f"'{cause}' stops nobody. What does: {', '.join(STOPPING)}.")
        which = cause, conversation, step
        if by is None:
            return Resumed(cause=cause, journeys=await self._pool.fetchval(SQL["count_stopped"], *which), done=False)
        async with transaction(self._pool) as connection:
            resumed = await connection.fetch(SQL["resume"], *which)
            details = {"cause": cause, "conversation": conversation, "step": step, "journeys": len(resumed)}
            await connection.execute(SQL["audit"], by.actor, "repair_resume", {**details, "why": by.why})
        return Resumed(cause=cause, journeys=len(resumed), done=True)


def _check(row: Row, repair: Repair) -> None:
    if row["ended"]:
        raise NotRepairable("This journey has ended; there is nothing left to go on with.")
    if row["in_line"]:
        raise NotRepairable("This journey stands in line: it goes on when its turn comes. To end it, cancel it.")
    if row["at_step"] is None:
        raise NotRepairable("This journey does not rest anywhere yet. Look again in a moment.")
    if repair is not Repair.RETRY and row["send"] in MAY_BE_ON_ITS_WAY:
        raise NotRepairable(
            f"The message of '{row['at_step']}' is {row['send']}: it may have left, so it is not passed over."
        )


async def _do(connection: Connection, row: Row, repair: Repair) -> None:
    journey_id, step = row["id"], StepId(row["at_step"])
    match repair:
        case Repair.RETRY:
            await connection.execute(SQL["push"], journey_id, "wake", Wake(step=step).model_dump(mode="json"))
        case Repair.SKIP | Repair.FINISH:
            passed_over = Refused(reason=Reason.SKIPPED, then=Then.GO_ON)
            await connection.execute(SQL["skip_message"], journey_id, step, passed_over.model_dump(mode="json"))
            skip = Skip(step=step, to_end=repair is Repair.FINISH)
            await connection.execute(SQL["push"], journey_id, "skip", skip.model_dump(mode="json"))
        case _:
            assert_never(repair)
    await connection.execute(SQL["let_go"], journey_id)


def _sentence(row: Row, repair: Repair) -> str:
    held = f" ({Reason(row['held_up_by']).sentence})" if row["held_up_by"] else ""
    where = f"{row['id']} rests at '{row['at_step']}' since {row['at_since']:%Y-%m-%d %H:%M} UTC"
    match repair:
        case Repair.RETRY:
            does = "It tries that step again now, with every check"
        case Repair.SKIP:
            does = "It goes on with the step after it"
        case Repair.FINISH:
            does = "It leaves out the rest of the thread"
        case _:
            assert_never(repair)
    return f"{where}{held}. {does}; nothing that was sent is sent again."
