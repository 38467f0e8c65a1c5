"""Audited repair: what is held up is tried again, passed over or finished by hand. Never is anything sent twice (P1).

Where a journey rests is told by its own history, which is never behind. A repair is one transaction: what it does to
the ledger, the signal in the outbox, and who did it and why.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from temporalio.client import Client

from activities.archive.archive import Archive
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.document.steps import RESTS
from schemas.errors import DomainError, ErrorKind
from schemas.ids import JourneyId, StepId
from schemas.journey.outcome import AfterRefusal, Deferred, Held, Refused, Stopped
from schemas.journey.path import JourneyPath, PathEntry
from schemas.journey.signals import Intervene, Skip, Wake
from schemas.reasons import Reason
from schemas.responses.repair import Repair, RepairPlan, Resumed, StoppedGroup, Stuck
from starter.support.journeys import Journeys
from starter.support.replay import HistoryGone, find_history, is_answering, replay_history

SQL = load_queries("starter.ops", "repair.sql")

STOPPING = (Reason.MESSAGE_BROKEN, Reason.WEBHOOK_FAILED)
"""Causes that hold a journey up until somebody mends them. A message that waits for approval is no fault."""
AT_ONCE = 5000
"""Journeys resumed in one transaction: a second's work."""
LOOKS = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between looks at a journey that is answering something: it takes milliseconds, and a message some seconds."""
BETWEEN = (
    "This journey is between two steps just now. Look again in a moment. If it stays there, no worker is at work "
    "(`shelftalk doctor` tells), or its workflow task fails: the worker's log says why."
)


class NotRepairable(DomainError):
    """The journey does not rest where this repair could do anything; the text says why, and what would."""

    code = "not_repairable"
    kind = ErrorKind.CONFLICT
    advice = "`shelftalk journey replay` has its path."


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and why: for the audit."""

    actor: str
    why: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Where a journey rests.

    Attributes:
        tries: it is held up at something that can be tried again; else it waits for time to pass or for an event.
        sends: it rests before a message.
        cause: what holds it up.
    """

    step: StepId
    since: datetime
    tries: bool
    sends: bool
    cause: Reason | None


class Repairs:
    """Repairs over one database, and the histories that tell where journeys rest.

    Args:
        looks: seconds between one look and the next at what a journey has still to answer.
    """

    def __init__(self, pool: Pool, client: Client, archive: Archive, looks: Sequence[float] = LOOKS) -> None:
        self._pool = pool
        self._client = client
        self._archive = archive
        self._looks = looks

    async def stuck(self) -> Stuck:
        """What does not go on by itself, by cause, version and step; at most 500 groups, the oldest first."""
        rows = await self._pool.fetch(SQL["stuck"], list(STOPPING))
        others = await self._pool.fetchrow(SQL["others"])
        assert others is not None, "counts always give a row"
        groups = tuple(StoppedGroup(**dict(row), why=Reason(row["cause"]).sentence) for row in rows)
        return Stuck(groups=groups, calls_parked=others["parked"], messages_unknown=others["unknown"])

    async def repair(self, journey_id: JourneyId, repair: Repair, by: By | None) -> RepairPlan:
        """Do one repair; with nobody who asks for it (`by` None) only say what it would do.

        Raises:
            NoSuchJourney: as it says.
            NotRepairable: it has ended, stands in line, does not rest, or its message may be on its way.
            HistoryCorrupt, ArchiveUnavailable, ReplayFailed: where it rests cannot be told.
        """
        looked_at = await self._pool.fetchval(SQL["now"])
        rest = await self._rest(journey_id)
        if repair is Repair.RETRY and not rest.tries:
            raise NotRepairable(f"{_where(journey_id, rest)}: there is nothing to try again. A skip ends its wait now.")

        await self._write(journey_id, rest, repair, looked_at, by)
        return RepairPlan(
            journey=journey_id,
            repair=repair,
            step=rest.step,
            since=rest.since,
            cause=rest.cause,
            sentence=_sentence(journey_id, rest, repair),
            done=by is not None,
        )

    @retry_on_deadlock
    async def _write(
        self, journey_id: JourneyId, rest: Rest, repair: Repair, looked_at: datetime, by: By | None
    ) -> None:
        async with transaction(self._pool) as connection:
            await _do(connection, journey_id, rest, repair, looked_at, act=by is not None)
            if by is not None:
                details = {"journey": journey_id, "step": rest.step, "cause": rest.cause, "why": by.why}
                await connection.execute(SQL["audit"], by.actor, _ACTIONS[repair], details)

    async def _rest(self, journey_id: JourneyId) -> Rest:
        """Where it rests, as its history has it.

        Raises:
            NoSuchJourney, NotRepairable, HistoryCorrupt, ArchiveUnavailable, ReplayFailed: as they say.
        """
        if (await Journeys(self._pool).show(journey_id)).ended_at is not None:
            raise NotRepairable("This journey has ended; there is nothing left to go on with.")
        try:
            path = await self._settled_path(journey_id)
        except HistoryGone:
            raise NotRepairable(
                "This journey's workflow has not been started, or is lost: `shelftalk doctor` tells whether the outbox "
                "is drained, and the reconciliation starts it anew."
            ) from None
        if path.ending is not None:
            raise NotRepairable("This journey has ended; its record follows in a moment.")
        resting = path.entries[-1] if path.entries else None
        if resting is None or resting.left_at is not None:
            raise NotRepairable(BETWEEN)
        return _rest_at(resting)

    async def _settled_path(self, journey_id: JourneyId) -> JourneyPath:
        """The path, once it tells all that the journey has heard: else it might be about to leave where it rests.

        Raises:
            HistoryGone, NotRepairable, HistoryCorrupt, ArchiveUnavailable, ReplayFailed: as they say.
        """
        for pause in (*self._looks, None):
            history = await find_history(self._client, self._archive, journey_id)
            if not is_answering(history):
                return await replay_history(history)
            if pause is not None:
                await asyncio.sleep(pause)
        raise NotRepairable(BETWEEN)

    async def resume(self, cause: Reason, conversation: str | None, step: str | None, by: By | None) -> Resumed:
        """Let all that are stopped by one cause try again; with `by` None only count them.

        Many take several transactions, each with its own row in the audit; asked again after a crash, the others go on
        too.

        Raises:
            NotRepairable: nothing is ever stopped by this.
        """
        if cause not in STOPPING:
            raise NotRepairable(f"'{cause}' stops nobody. What does: {', '.join(STOPPING)}.")
        which = cause, conversation, step
        if by is None:
            return Resumed(cause=cause, journeys=await self._pool.fetchval(SQL["count_stopped"], *which), done=False)
        resumed, after = 0, ""
        while batch := await self._resume_some(which, after, by):
            resumed, after = resumed + len(batch), batch[-1]
        return Resumed(cause=cause, journeys=resumed, done=True)

    @retry_on_deadlock
    async def _resume_some(self, which: tuple[Reason, str | None, str | None], after: str, by: By) -> list[str]:
        cause, conversation, step = which
        async with transaction(self._pool) as connection:
            batch = sorted(row["id"] for row in await connection.fetch(SQL["resume"], *which, after, AT_ONCE))
            if batch:
                details = {"cause": cause, "conversation": conversation, "step": step, "journeys": len(batch)}
                await connection.execute(SQL["audit"], by.actor, "resume journeys", {**details, "why": by.why})
        return batch


_ACTIONS = {Repair.RETRY: "retry journey", Repair.SKIP: "skip step", Repair.FINISH: "finish thread"}


def _rest_at(entry: PathEntry) -> Rest:
    """The rest that an open entry of a path is.

    Raises:
        NotRepairable: it is none, or one that nothing can be done to.
    """
    step, outcome = StepId(entry.step), entry.outcome
    match entry.kind:
        case "waiting":
            raise NotRepairable("This journey stands in line: it goes on when its turn comes. To end it, cancel it.")
        case kind if kind in RESTS:
            return Rest(step, entry.entered_at, tries=False, sends=False, cause=None)
        case "send" | "call_webhook":
            sends = entry.kind == "send"
            match outcome:
                case Deferred(reason=cause) | Stopped(reason=cause):
                    return Rest(step, entry.entered_at, tries=True, sends=sends, cause=cause)
                case Held():
                    return Rest(step, entry.entered_at, tries=True, sends=sends, cause=Reason.AWAITING_APPROVAL)
                case _:
                    raise NotRepairable(
                        f"The message of '{step}' is being sent: it may have left, so it is not passed over. What "
                        "became of it is known within a day at the latest."
                        if sends
                        else f"'{step}' is being called, for a day at most. After that it can be passed over."
                    )
        case _:
            raise NotRepairable(BETWEEN)


async def _do(
    connection: Connection, journey_id: JourneyId, rest: Rest, repair: Repair, looked_at: datetime, *, act: bool
) -> None:
    """Check what was seen under the locks that deliver takes, and write the repair, if it is to be done.

    Raises:
        NotRepairable: it has gone on meanwhile.
    """
    message = await connection.fetchrow(SQL["hold_message"], journey_id, rest.step) if rest.sends else None
    journey = await connection.fetchrow(SQL["hold_journey"], journey_id, rest.step)
    if journey is None or journey["ended"]:
        raise NotRepairable("This journey has just ended; there is nothing left to go on with.")
    settled = message is not None and message["settled_at"] is not None
    # What was settled before this rest is of an earlier stay at the step.
    since = min(looked_at, journey["since"] or looked_at)
    if message is not None and (message["state"] == "sending" or (settled and message["settled_at"] >= since)):
        raise NotRepairable(
            f"The message of '{rest.step}' is {message['state']} by now: what may have left is not passed over."
        )
    if rest.sends and repair is not Repair.RETRY and (message is None or settled):
        raise NotRepairable(f"{_where(journey_id, rest)}, since before an upgrade: retry it, then look again.")
    if not act:
        return
    match repair:
        case Repair.RETRY:
            signal = Intervene(intervention=Wake(step=rest.step))
        case Repair.SKIP | Repair.FINISH:
            to_end = repair is Repair.FINISH
            if rest.sends:
                assert message is not None, "without it nothing is passed over"
                # In the ledger, so that it holds also if the message falls due before the journey hears of it.
                passed_over = Refused(
                    reason=Reason.SKIPPED, then=AfterRefusal.END_THREAD if to_end else AfterRefusal.GO_ON
                )
                await connection.execute(SQL["pass_over"], message["key"], passed_over.model_dump(mode="json"))
            signal = Intervene(intervention=Skip(step=rest.step, to_end=to_end))
        case _:
            assert_never(repair)
    await connection.execute(SQL["intervene"], journey_id, signal.model_dump(mode="json"))
    await connection.execute(SQL["let_go"], journey_id)


def _where(journey_id: JourneyId, rest: Rest) -> str:
    held = f" ({rest.cause.sentence.removesuffix('.')})" if rest.cause else ""
    return f"{journey_id} rests at '{rest.step}' since {rest.since:%Y-%m-%d %H:%M} UTC{held}"


def _sentence(journey_id: JourneyId, rest: Rest, repair: Repair) -> str:
    match repair:
        case Repair.RETRY:
            does = "It tries that step again now, with every check"
        case Repair.SKIP:
            does = "It goes on with the step after it" + (", and this message is never sent" if rest.sends else "")
        case Repair.FINISH:
            does = "It leaves out the rest of the thread"
        case _:
            assert_never(repair)
    return f"{_where(journey_id, rest)}. {does}; nothing that was sent is sent again."
