"""Pausing alerts and conversations: everyone keeps their place, and nothing leaves at resume that was not shown first.

While something is paused, sign-ups are taken and stock is counted as ever; only places are not given, and messages
under way are put off. A pause and a resume are one transaction each, with a row in the audit.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from activities.postgres.pool import Connection, Pool, transaction
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
    def keys(self) -> tuple[str | None, str | None]:
        """As the queries take it: an alert's code or none, a conversation's or none."""
        return (self.code, None) if self.kind == "alert" else (None, self.code)


@dataclass(frozen=True, slots=True)
class _State:
    paused_at: datetime | None
    also_paused: bool


class Pausing:
    """Pauses over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def alerts(self) -> AlertStates:
        """Every alert in force, and those retired that someone waits for."""
        rows = await self._pool.fetch(SQL["alerts"])
        return AlertStates(alerts=tuple(AlertState.model_validate(dict(row)) for row in rows))

    @retry_on_deadlock
    async def pause(self, what: Pausable, actor: str) -> PauseReport:
        """Give no more places and send nothing, until resumed. Pausing twice is pausing once.

        Raises:
            NothingToPause: as it says.
        """
        async with transaction(self._pool) as connection:
            state = await _state(connection, what)
            paused_at = await connection.fetchval(SQL[f"pause_{what.kind}"], what.code)
            if paused_at is not None:
                await _note(connection, actor, "pause", what, {})
        known = paused_at or state.paused_at
        if known is None:  # another resumed it between the two looks
            return await self.pause(what, actor)
        return PauseReport(kind=what.kind, code=what.code, changed=paused_at is not None, paused_at=known)

    async def would_resume(self, what: Pausable) -> ResumeReport:
        """What a resume would set off now. Changes nothing.

        Raises:
            NothingToPause: as it says.
        """
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
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
                await connection.execute(SQL["hold_conversation"], what.code)
            await connection.execute(SQL["hold_alerts"], *what.keys)
            state = await _state(connection, what)
            report = await _count(connection, what, state)
            if state.paused_at is None:
                return report
            if at_most is not None and report.at_most > at_most:
                raise MoreThanShown(at_most, report)
            await connection.execute(SQL[f"resume_{what.kind}"], what.code)
            await connection.execute(SQL["look_again"], *what.keys)
            counts = {"told_now": report.told_now, "held_up": report.held_up, "going_on": report.going_on}
            await _note(connection, actor, "resume", what, counts)
        return report.model_copy(update={"resumed": True})


async def _state(connection: Connection, what: Pausable) -> _State:
    row = await connection.fetchrow(SQL[what.kind], what.code)
    if row is None:
        raise NothingToPause(what.kind, what.code)
    return _State(row["paused_at"], row["also_paused"])


async def _count(connection: Connection, what: Pausable, state: _State) -> ResumeReport:
    subjects = []
    held_up = going_on = 0
    if state.paused_at is not None:
        subjects = await connection.fetch(SQL["told_now"], *what.keys, SUBJECTS_SHOWN)
        in_flight = await connection.fetchrow(SQL["in_flight"], *what.keys)
        assert in_flight is not None
        held_up, going_on = in_flight["held_up"], in_flight["going_on"]
    return ResumeReport(
        kind=what.kind,
        code=what.code,
        paused_at=state.paused_at,
        resumed=False,
        also_paused=state.also_paused,
        told_now=subjects[0]["total"] if subjects else 0,
        held_up=held_up,
        going_on=going_on,
        subjects=tuple(
            ResumedSubject(
                alert=row["alert"],
                store_id=row["store_id"],
                subject=row["subject"],
                product_title=row["product_title"],
                places=row["places"],
                told_now=row["told_now"],
            )
            for row in subjects
        ),
        subject_count=subjects[0]["subjects"] if subjects else 0,
    )


async def _note(connection: Connection, actor: str, action: str, what: Pausable, details: dict[str, int]) -> None:
    await connection.execute(SQL["audit"], actor, f"{action} {what.kind}", {what.kind: what.code, **details})
