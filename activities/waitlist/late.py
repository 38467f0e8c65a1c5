"""Entering late: by import, and for what was done before the alert was at work. The same way in as for everyone.

Who enters late has the place and the window that they would have by now. Nobody enters twice for the same, told or
not, and an opt-out is never overruled.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from activities.postgres.pool import Connection, Pool, Row
from activities.postgres.queries import load_queries
from activities.waitlist.enlist import Enlisted, Interest, NotEnlisted, enter
from schemas.channels import Channel
from schemas.document.alert_types.vocabulary import Action
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId, Level, new_contact_id
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "late.sql")
ALERTS_FOR = load_queries("activities.waitlist", "enlist.sql")["alerts_for"]

IMPORT = "import"
"""Where consent was given, as the record has it."""


class NoSuchAlert(DomainError):
    """No alert of this code is in force."""

    code = "no_such_alert"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk alert list` shows them."


class AlertDraft(DomainError):
    """Every message behind the alert is a draft, so nobody enters."""

    code = "alert_draft"
    kind = ErrorKind.CONFLICT
    advice = "Set a message live and publish the conversation: `shelftalk conversation publish FILE`."


class LateAlert:
    """An alert in force, for those who enter it late."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.code: str = row["id"]
        self.action = Action(row["action"])
        self.level = Level(row["level"])
        self.list_code: str = row["list_code"]
        self.window_days: int = row["window_days"]

    @classmethod
    async def named(cls, pool: Pool, code: str | None) -> Self:
        """The alert of this code; without one, the alert that takes sign-ups where no list is named.

        Raises:
            NoSuchAlert, AlertDraft: as they say.
        """
        row = await pool.fetchrow(ALERTS_FOR, None if code else Action.SIGN_UP, None, code)
        if row is None:
            raise NoSuchAlert(f"No alert '{code}' is in force." if code else "No alert by 'sign-up' is in force.")
        if not row["live"]:
            raise AlertDraft(f"Every message behind alert '{row['id']}' is a draft, so nobody can enter.")
        return cls(row)


@dataclass(frozen=True, slots=True)
class LateEntry:
    """One thing a person is to enter for."""

    alert: LateAlert
    interest: Interest

    @property
    def line(self) -> tuple[str, str, str, str]:
        """What two wishes share that lead to the same line."""
        wanted = self.interest
        variant = wanted.variant_id if self.alert.level is Level.VARIANT else None
        return self.alert.code, wanted.store_id, wanted.product_id, variant or ""


@dataclass(frozen=True, slots=True)
class NewContact:
    """A person of a file, with what they asked for, in order of time."""

    email: str
    late_entries: tuple[LateEntry, ...]


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A contact we know, with what they did, in order of time."""

    contact_id: ContactId
    late_entries: tuple[LateEntry, ...]


@dataclass
class EntryCounts:
    """What became of them; each person and line counts once."""

    entered: int = 0
    in_stock_now: int = 0
    there_already: int = 0
    not_entered: Counter[Reason] = field(default_factory=Counter[Reason])

    def add(self, other: "EntryCounts") -> None:
        self.entered += other.entered
        self.in_stock_now += other.in_stock_now
        self.there_already += other.there_already
        self.not_entered += other.not_entered

    def count(self, result: Enlisted | NotEnlisted) -> None:
        match result:
            case Enlisted(entered=True, in_stock=in_stock):
                self.entered += 1
                self.in_stock_now += in_stock
            case Enlisted():
                self.there_already += 1
            case NotEnlisted(reason=reason):
                self.not_entered[reason] += 1


class _NobodyEntered(Exception):
    """Nothing that was written for this person is to stay."""


async def enter_new_contacts(connection: Connection, people: Sequence[NewContact]) -> EntryCounts:
    """Enter people of a file. Of those who do not enter, nothing is kept.

    Whoever opted out stays out. Who was never asked agreed when they signed up, as the file's owner says.
    """
    rows = await connection.fetch(SQL["hold_addresses"], [person.email for person in people], Channel.EMAIL)
    known = {row["email"]: row for row in rows}
    await _hold_products(connection, people)
    entry_counts = EntryCounts()
    for person in people:
        row = known.get(person.email)
        if row is not None and row["granted"] is False:
            entry_counts.not_entered[Reason.NO_CONSENT] += len({late_entry.line for late_entry in person.late_entries})
            continue
        mine = EntryCounts()
        try:
            async with connection.transaction():
                contact_id = row["id"] if row else await _make(connection, person)
                if row is None or row["granted"] is None:
                    await connection.execute(SQL["consent"], contact_id, Channel.EMAIL, IMPORT, _first(person))
                mine = await _enter(connection, contact_id, person.late_entries)
                if not mine.entered:
                    raise _NobodyEntered
        except _NobodyEntered:
            pass
        entry_counts.add(mine)
    return entry_counts


async def _make(connection: Connection, person: NewContact) -> ContactId:
    return await connection.fetchval(SQL["make_contact"], new_contact_id(), person.email)


def _first(person: NewContact) -> datetime:
    return min(late_entry.interest.at for late_entry in person.late_entries)


async def enter_known_contacts(connection: Connection, people: Sequence[KnownContact]) -> EntryCounts:
    """Enter contacts for what they did; those erased meanwhile do not."""
    rows = await connection.fetch(SQL["hold_contacts"], [person.contact_id for person in people])
    there = {row["id"] for row in rows}
    await _hold_products(connection, people)
    entry_counts = EntryCounts()
    for person in people:
        if person.contact_id in there:
            entry_counts.add(await _enter(connection, person.contact_id, person.late_entries))
    return entry_counts


async def _hold_products(connection: Connection, people: Sequence[NewContact | KnownContact]) -> None:
    """In a fixed order, for they are held until the transaction ends."""
    wanted = [late_entry.interest for person in people for late_entry in person.late_entries]
    await connection.execute(
        SQL["hold_products"], [each.store_id for each in wanted], [each.product_id for each in wanted]
    )


async def _enter(connection: Connection, contact_id: ContactId, late_entries: Sequence[LateEntry]) -> EntryCounts:
    """As if each wish had been told when it was made: the first that leads into a line is the one that counts."""
    results: dict[tuple[str, str, str, str], Enlisted | NotEnlisted] = {}
    for late_entry in late_entries:
        if not isinstance(results.get(late_entry.line), Enlisted):
            results[late_entry.line] = await enter(
                connection, late_entry.alert.row, contact_id, late_entry.interest, late=True
            )
    entry_counts = EntryCounts()
    for result in results.values():
        entry_counts.count(result)
    return entry_counts
