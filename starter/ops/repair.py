"""Audited repair: a step that is held up is tried again, skipped, or ended with its thread. Nothing is sent twice (P1).

A repair is one transaction: the change to the ledger, the signal in the outbox, and the audit row with who and why.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import assert_never

from temporalio.client import Client

from activities.archive.archive import Archive
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.ids import JourneyId, StoreId, VersionId
from schemas.journey.outcome import AfterRefusal, Refused
from schemas.journey.signals import Intervene, Skip, Wake
from schemas.reasons import STOPPING, Reason
from schemas.responses.repair import Repair, RepairPlan, Resumed, StoppedGroup, StoppedSender, StoppedSenders, Stuck
from starter.ops.failing_tasks import failing_tasks
from starter.ops.resting import LOOKS, NotRepairable, RestingJourney, RestingPlaces, describe

SQL = load_queries("starter.ops", "repair.sql")

AT_ONCE = 5000
"""Journeys resumed in one transaction: a second's work."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and why: for the audit."""

    actor: str
    why: str


@dataclass(frozen=True, slots=True)
class StoppedRow:
    """How many journeys are held up at one step of one version by one cause."""

    cause: Reason
    conversation: str
    version: VersionId
    step: str
    journeys: int
    since: datetime
    example: JourneyId


@dataclass(frozen=True, slots=True)
class Stopped:
    """Journeys that one cause has stopped; None: whatever it is."""

    cause: Reason
    conversation: str | None
    step: str | None
    stores: Sequence[StoreId] | None


@dataclass(frozen=True, slots=True)
class OtherTrouble:
    """How many calls to Temporal are parked, and how many messages have an outcome that nobody knows."""

    parked: int
    unknown: int


@dataclass(frozen=True, slots=True)
class LiftedStop:
    """A sender that was stopped: as its list names it, empty for the installation's own, None for all; and why."""

    channel: str
    sender: str | None
    why: str


@dataclass(frozen=True, slots=True)
class MessageLocked:
    """The newest message of a step, locked."""

    key: str
    state: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class JourneyLocked:
    """A journey, locked; `since` when it is at the step that was asked about, None if it is not on record there."""

    ended: bool
    since: datetime | None


class Repairs:
    """Repairs over one database, and the histories that tell where journeys rest.

    Args:
        looks: as `RestingPlaces` takes it.
    """

    def __init__(self, pool: Pool, client: Client, archive: Archive, looks: Sequence[float] = LOOKS) -> None:
        self._pool = pool
        self._client = client
        self._resting_places = RestingPlaces(pool, client, archive, looks)

    async def stuck(self, stores: Sequence[StoreId] | None = None) -> Stuck:
        """What does not go on by itself, by cause, version and step; at most 500 groups, the oldest first.

        Args:
            stores: groups only of these; None: of all.
        """
        rows = await SQL.stuck.rows(self._pool, StoppedRow, causes=list(STOPPING), stores=stores)
        others = await SQL.others.one(self._pool, OtherTrouble)
        groups = tuple(StoppedGroup(**asdict(row), why=row.cause.sentence) for row in rows)
        return Stuck(
            groups=groups,
            calls_parked=others.parked,
            messages_unknown=others.unknown,
            failing_tasks=await failing_tasks(self._client),
        )

    async def repair(self, journey_id: JourneyId, repair: Repair, by: By | None) -> RepairPlan:
        """Do one repair; without `by` nothing is changed, and the plan says what it would do.

        Raises:
            NoSuchJourney: as it says.
            NotRepairable: it has ended, stands in line, does not rest, or its message may be on its way.
            HistoryCorrupt, ArchiveUnavailable, ReplayFailed: where it rests cannot be found out.
        """
        looked_at: datetime = await SQL.now.value(self._pool)
        rest = await self._resting_places.of(journey_id)
        if repair is Repair.RETRY and not rest.tries:
            raise NotRepairable(
                f"{describe(journey_id, rest)}: there is nothing to try again. A skip ends its wait now."
            )

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
        self, journey_id: JourneyId, rest: RestingJourney, repair: Repair, looked_at: datetime, by: By | None
    ) -> None:
        async with transaction(self._pool) as connection:
            await _do(connection, journey_id, rest, repair, looked_at, act=by is not None)
            if by is not None:
                details = {"journey": journey_id, "step": rest.step, "cause": rest.cause, "why": by.why}
                await write_audit(connection, by.actor, _ACTIONS[repair], details)

    async def stopped_senders(self) -> StoppedSenders:
        """The senders by which nothing leaves, since when and why."""
        return StoppedSenders(senders=tuple(await SQL.stopped_senders.rows(self._pool, StoppedSender)))

    async def resume(
        self,
        cause: Reason,
        conversation: str | None,
        step: str | None,
        by: By | None,
        stores: Sequence[StoreId] | None = None,
    ) -> Resumed:
        """Let all that are stopped by one cause try again; without `by` they are only counted.

        Many take several transactions, each with its own audit row; after a crash the same call resumes those that are
        left.

        Args:
            stores: only of these, and no sender is asked again; None: of all.

        Raises:
            NotRepairable: nothing is ever stopped by this.
        """
        if cause not in STOPPING:
            raise NotRepairable(f"'{cause}' stops nobody. What does: {', '.join(STOPPING)}.")
        at_fault = cause is Reason.SENDER_AT_FAULT and stores is None
        which = Stopped(cause, conversation, step, stores)
        if by is None:
            stopped = await SQL.count_stopped.value(self._pool, **asdict(which))
            senders = await SQL.count_stopped_senders.value(self._pool) if at_fault else 0
            return Resumed(cause=cause, journeys=stopped, senders=senders, done=False)
        senders = await self._lift_stops(by) if at_fault else 0
        resumed, after = 0, ""
        while batch := await self._resume_some(which, after, by):
            resumed, after = resumed + len(batch), batch[-1]
        return Resumed(cause=cause, journeys=resumed, senders=senders, done=True)

    @retry_on_deadlock
    async def _lift_stops(self, by: By) -> int:
        """Let messages leave by every sender that was stopped; how many that were. Committed before anyone is woken."""
        async with transaction(self._pool) as connection:
            stops = await SQL.lift_stops.rows(connection, LiftedStop)
            for stop in stops:
                details = {"channel": stop.channel, "sender": stop.sender, "stopped_for": stop.why, "why": by.why}
                await write_audit(connection, by.actor, "resume sender", details)
        return len(stops)

    @retry_on_deadlock
    async def _resume_some(self, which: Stopped, after: str, by: By) -> list[JourneyId]:
        async with transaction(self._pool) as connection:
            batch: list[JourneyId] = await SQL.resume.values(connection, **asdict(which), after=after, most=AT_ONCE)
            if batch:
                details = {**asdict(which), "journeys": len(batch)}
                await write_audit(connection, by.actor, "resume journeys", {**details, "why": by.why})
        return sorted(batch)


_ACTIONS = {Repair.RETRY: "retry journey", Repair.SKIP: "skip step", Repair.FINISH: "finish thread"}


async def _do(
    connection: Connection,
    journey_id: JourneyId,
    rest: RestingJourney,
    repair: Repair,
    looked_at: datetime,
    *,
    act: bool,
) -> None:
    """Check again under the locks that `deliver` takes, and write the repair if `act`.

    Raises:
        NotRepairable: it has gone on meanwhile.
    """
    message = None
    if rest.sends:
        message = await SQL.hold_message.row(connection, MessageLocked, journey_id=journey_id, step=rest.step)
    journey = await SQL.hold_journey.row(connection, JourneyLocked, journey_id=journey_id, step=rest.step)
    if journey is None or journey.ended:
        raise NotRepairable("This journey has just ended; there is nothing left to go on with.")
    settled_at = None if message is None else message.settled_at
    # What was settled before this rest is of an earlier stay at the step.
    since = min(looked_at, journey.since or looked_at)
    if message is not None and (message.state == "sending" or (settled_at is not None and settled_at >= since)):
        raise NotRepairable(
            f"The message of '{rest.step}' is {message.state} by now: what may have left is not passed over."
        )
    if rest.sends and repair is not Repair.RETRY and (message is None or settled_at is not None):
        raise NotRepairable(f"{describe(journey_id, rest)}, since before an upgrade: retry it, then look again.")
    if not act:
        return
    match repair:
        case Repair.RETRY:
            signal = Intervene(intervention=Wake(step=rest.step))
        case Repair.SKIP | Repair.FINISH:
            to_end = repair is Repair.FINISH
            if rest.sends:
                assert message is not None, "without it nothing is passed over"
                # In the ledger, so that it holds also if the message falls due before the signal arrives.
                passed_over = Refused(
                    reason=Reason.SKIPPED, then=AfterRefusal.END_THREAD if to_end else AfterRefusal.GO_ON
                )
                await SQL.pass_over.run(connection, key=message.key, outcome=passed_over.model_dump(mode="json"))
            signal = Intervene(intervention=Skip(step=rest.step, to_end=to_end))
        case _:
            assert_never(repair)
    await SQL.intervene.run(connection, journey_id=journey_id, signal=signal.model_dump(mode="json"))
    await SQL.no_longer_held_up.run(connection, journey_id=journey_id)


def _sentence(journey_id: JourneyId, rest: RestingJourney, repair: Repair) -> str:
    match repair:
        case Repair.RETRY:
            does = "It tries that step again now, with every check"
        case Repair.SKIP:
            does = "It goes on with the step after it" + (", and this message is never sent" if rest.sends else "")
        case Repair.FINISH:
            does = "It leaves out the rest of the thread"
        case _:
            assert_never(repair)
    # A rest that is over before this arrives is passed over by nobody, and the rest of its thread goes on.
    late = "" if repair is Repair.RETRY or rest.sends else f" If '{rest.step}' ends by itself first, this does nothing."
    return f"{describe(journey_id, rest)}. {does}; nothing that was sent is sent again.{late}"
