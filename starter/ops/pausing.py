"""Pausing alerts and conversations: everyone keeps their place, and nothing leaves at resume that was not shown first.

While something is paused, sign-ups are taken and stock is counted as ever; but nobody is given a claim, and messages
are deferred. A pause and a resume are one transaction each, with a row in the audit.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, snapshot, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.errors import DomainError, ErrorKind
from schemas.responses.pausing import AlertState, AlertStates, PauseReport, ResumedSubject, ResumeReport

SQL = load_queries("starter.ops", "pausing.sql")

SUBJECTS_SHOWN = 100
"""Subjects named in a report; the totals count all."""


class NothingToPause(DomainError):
    """There is no alert or conversation of this code."""

    code = "no_such_alert"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk alert list` shows both."

    def __init__(self, kind: Literal["alert", "conversation"], code: str) -> None:
        super().__init__(f"There is no {kind} '{code}'.", public=f"There is no {kind} of this code.")
        self.code = f"no_such_{kind}"


class MoreThanShown(DomainError):
    """Since the count was shown, more has come to be sent; nothing was changed."""

    code = "more_than_shown"
    kind = ErrorKind.CONFLICT
    advice = "Look again, and answer anew."

    def __init__(self, shown: int, now: ResumeReport) -> None:
        super().__init__(
            f"Agreed was to at most {shown} messages, and now it would be {now.at_most}. Nothing was changed."
        )
        self.now = now


@dataclass(frozen=True, slots=True)
class Pausable:
    """What is paused: an alert or a conversation, by its code."""

    kind: Literal["alert", "conversation"]
    code: str

    @property
    def alert(self) -> str | None:
        """The alert's code, if it is one."""
        return self.code if self.kind == "alert" else None

    @property
    def conversation(self) -> str | None:
        """The conversation's code, if it is one."""
        return self.code if self.kind == "conversation" else None


@dataclass(frozen=True, slots=True)
class PauseState:
    """Since when it is paused; `also_paused`: the conversation of an alert is."""

    paused_at: datetime | None
    also_paused: bool


@dataclass(frozen=True, slots=True)
class SubjectTold:
    """How many of one subject's line a resume notifies; `total` and `subjects` count those of all subjects."""

    alert: str
    store_id: str
    subject: str
    product_title: str
    places: int | None
    told_now: int
    total: int
    subjects: int


@dataclass(frozen=True, slots=True)
class InFlight:
    """Journeys whose message the pause holds up, and those that go on after theirs."""

    held_up: int
    going_on: int


_STATE = {"alert": SQL.alert, "conversation": SQL.conversation}
_PAUSE = {"alert": SQL.pause_alert, "conversation": SQL.pause_conversation}
_RESUME = {"alert": SQL.resume_alert, "conversation": SQL.resume_conversation}


class Pausing:
    """Pauses over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def alerts(self) -> AlertStates:
        """Every alert in force, and those retired that someone waits for."""
        return AlertStates(alerts=tuple(await SQL.alerts.rows(self._pool, AlertState)))

    @retry_on_deadlock
    async def pause(self, what: Pausable, actor: str) -> PauseReport:
        """Give no more places and send nothing, until resumed. Pausing twice is pausing once.

        Raises:
            NothingToPause: as it says.
        """
        async with transaction(self._pool) as connection:
            state = await _state(connection, what)
            paused_at: datetime | None = await _PAUSE[what.kind].value(connection, code=what.code)
            if paused_at is not None:
                await _note(connection, actor, "pause", what, {})
        known = paused_at or state.paused_at
        if known is None:  # another resumed it between the two looks
            return await self.pause(what, actor)
        return PauseReport(kind=what.kind, code=what.code, changed=paused_at is not None, paused_at=known)

    async def would_resume(self, what: Pausable) -> ResumeReport:
        """What a resume would cause now. Changes nothing.

        Raises:
            NothingToPause: as it says.
        """
        async with snapshot(self._pool) as connection:
            return await _count(connection, what, await _state(connection, what))

    @retry_on_deadlock
    async def resume(self, what: Pausable, actor: str, at_most: int | None = None) -> ResumeReport:
        """Lift the pause and ask the shelves concerned to look. What was not paused stays as it is.

        Args:
            at_most: the number of messages that was agreed to; None: however many.

        Raises:
            NothingToPause, MoreThanShown: as they say; nothing was changed.
        """
        async with transaction(self._pool) as connection:
            if what.kind == "conversation":
                await SQL.hold_conversation.run(connection, code=what.code)
            await SQL.hold_alerts.run(connection, alert=what.alert, conversation=what.conversation)
            state = await _state(connection, what)
            report = await _count(connection, what, state)
            if state.paused_at is None:
                return report
            if at_most is not None and report.at_most > at_most:
                raise MoreThanShown(at_most, report)
            await _RESUME[what.kind].run(connection, code=what.code)
            await SQL.look_again.run(connection, alert=what.alert, conversation=what.conversation)
            counts = {"told_now": report.told_now, "held_up": report.held_up, "going_on": report.going_on}
            await _note(connection, actor, "resume", what, counts)
        return report.model_copy(update={"resumed": True})


async def _state(connection: Connection, what: Pausable) -> PauseState:
    state = await _STATE[what.kind].row(connection, PauseState, code=what.code)
    if state is None:
        raise NothingToPause(what.kind, what.code)
    return state


async def _count(connection: Connection, what: Pausable, state: PauseState) -> ResumeReport:
    subjects: list[SubjectTold] = []
    in_flight = InFlight(0, 0)
    if state.paused_at is not None:
        subjects = await SQL.told_now.rows(
            connection, SubjectTold, alert=what.alert, conversation=what.conversation, most=SUBJECTS_SHOWN
        )
        in_flight = await SQL.in_flight.one(connection, InFlight, alert=what.alert, conversation=what.conversation)
    return ResumeReport(
        kind=what.kind,
        code=what.code,
        paused_at=state.paused_at,
        resumed=False,
        also_paused=state.also_paused,
        told_now=subjects[0].total if subjects else 0,
        held_up=in_flight.held_up,
        going_on=in_flight.going_on,
        subjects=tuple(ResumedSubject.model_validate(row, from_attributes=True) for row in subjects),
        subject_count=subjects[0].subjects if subjects else 0,
    )


async def _note(connection: Connection, actor: str, action: str, what: Pausable, details: dict[str, int]) -> None:
    await write_audit(connection, actor, f"{action} {what.kind}", {what.kind: what.code, **details})
