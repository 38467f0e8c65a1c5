"""Entering late: by import, and for what contacts did before the alert was in force. It goes through `enter` as well.

Who enters late gets the place and the rest of the window that they would have now, had they entered at the time.
Nobody enters twice for the same thing, even if they have been notified since, and an opt-out is never overruled.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.entry import Entered, NotEntered, enter
from activities.waitlist.interest import Interest
from activities.waitlist.late_alerts import LateAlert
from schemas.channels import Channel
from schemas.ids import ContactId, Level, new_contact_id
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "late.sql")

IMPORT = "import"
"""Where consent was given, as the record has it."""


@dataclass(frozen=True, slots=True)
class LateEntry:
    """One thing a person is to enter for."""

    alert: LateAlert
    interest: Interest

    @property
    def line(self) -> tuple[str, str, str, str]:
        """Which queue it leads into: alert, store, product and, where the alert watches variants, variant."""
        interest = self.interest
        variant = interest.variant_id if self.alert.level is Level.VARIANT else None
        return self.alert.code, interest.store_id, interest.product_id, variant or ""


@dataclass(frozen=True, slots=True)
class NewContact:
    """A person of a file, with what they asked for, in order of time.

    Attributes:
        address: an e-mail address in lower case, or a number in E.164.
        phone: that agreed to text messages; the address itself, or beside it.
    """

    address: str
    late_entries: tuple[LateEntry, ...]
    phone: str | None = None

    @property
    def channel(self) -> Channel:
        """Of their address."""
        return Channel.EMAIL if "@" in self.address else Channel.SMS


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A contact we know, with what they did, in order of time."""

    contact_id: ContactId
    late_entries: tuple[LateEntry, ...]


@dataclass
class EntryCounts:
    """What became of late entries; each person counts once in each queue."""

    entered: int = 0
    in_stock_now: int = 0
    there_already: int = 0
    not_entered: Counter[Reason] = field(default_factory=Counter[Reason])

    def add(self, other: "EntryCounts") -> None:
        self.entered += other.entered
        self.in_stock_now += other.in_stock_now
        self.there_already += other.there_already
        self.not_entered += other.not_entered

    def count(self, result: Entered | NotEntered) -> None:
        match result:
            case Entered(entered=True, in_stock=in_stock):
                self.entered += 1
                self.in_stock_now += in_stock
            case Entered():
                self.there_already += 1
            case NotEntered(reason=reason):
                self.not_entered[reason] += 1


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """A contact with an address of the file; `granted`: their latest answer on its channel, None if never asked."""

    id: ContactId
    address: str
    granted: bool | None


@dataclass(frozen=True, slots=True)
class ForgottenAddress:
    """An address of the file whose person was erased, by this store, or by all (empty)."""

    address: str
    store_id: str
    forgotten_at: datetime


class _NobodyEntered(Exception):
    """Rolls back what was written for one person of a file who does not enter."""


async def enter_new_contacts(connection: Connection, people: Sequence[NewContact]) -> EntryCounts:
    """Enter people of a file. Of those who do not enter, nothing is kept.

    Whoever opted out stays out, and what was asked for before somebody was erased is forgotten. Whoever was never asked
    is recorded as having agreed when they signed up: the owner of the file vouches for it.
    """
    addresses = [person.address for person in people]
    known = {row.address: row for row in await SQL.hold_addresses.rows(connection, KnownAddress, addresses=addresses)}
    forgotten = await SQL.forgotten_since.rows(connection, ForgottenAddress, addresses=addresses)
    forgotten_at = {(row.address, row.store_id): row.forgotten_at for row in forgotten}
    await _hold_products(connection, people)
    entry_counts = EntryCounts()
    for person in people:
        person = _remembered(person, forgotten_at, entry_counts)
        if not person.late_entries:
            continue
        contact = known.get(person.address)
        if contact is not None and contact.granted is False:
            entry_counts.not_entered[Reason.NO_CONSENT] += _lines(person)
            continue
        mine = EntryCounts()
        try:
            async with connection.transaction():
                contact_id = contact.id if contact else await _make_contact(connection, person)
                agreed = contact is not None and contact.granted is not None
                if agreed or await _record_consent(connection, contact_id, person):
                    await _add_phone(connection, contact_id, person)
                    mine = await _enter(connection, contact_id, person.late_entries)
                else:
                    mine.not_entered[Reason.NO_CONSENT] += _lines(person)
                if not mine.entered:
                    raise _NobodyEntered
        except _NobodyEntered:
            pass
        entry_counts.add(mine)
    return entry_counts


def _remembered(
    person: NewContact, forgotten_at: Mapping[tuple[str, str], datetime], entry_counts: EntryCounts
) -> NewContact:
    """The person with what they asked for since they were erased; the rest is counted as not entered."""

    def is_since(interest: Interest) -> bool:
        when = [forgotten_at.get((person.address, store)) for store in ("", interest.store_id)]
        return all(at is None or interest.at > at for at in when)

    kept = tuple(late_entry for late_entry in person.late_entries if is_since(late_entry.interest))
    lost = {each.line for each in person.late_entries} - {each.line for each in kept}
    entry_counts.not_entered[Reason.ERASED] += len(lost)
    return replace(person, late_entries=kept)


async def _make_contact(connection: Connection, person: NewContact) -> ContactId:
    return await SQL.make_contact.value(connection, contact_id=new_contact_id(), address=person.address)


def _lines(person: NewContact) -> int:
    return len({late_entry.line for late_entry in person.late_entries})


async def _record_consent(connection: Connection, contact_id: ContactId, person: NewContact) -> bool:
    """Given when they first signed up, by the file; false: they had said no before they were erased."""
    given_at = min(late_entry.interest.at for late_entry in person.late_entries)
    recorded: int | None = await SQL.consent.value(
        connection, contact_id=contact_id, channel=person.channel, source=IMPORT, given_at=given_at
    )
    return recorded is not None


async def _add_phone(connection: Connection, contact_id: ContactId, person: NewContact) -> None:
    """The number beside their e-mail address, with its consent; one that is another's is passed over."""
    if person.phone is None or person.channel is Channel.SMS:
        return
    await SQL.add_phone.run(connection, contact_id=contact_id, email=person.address, phone=person.phone)
    given_at = min(late_entry.interest.at for late_entry in person.late_entries)
    await SQL.consent_of_phone.run(
        connection, contact_id=contact_id, phone=person.phone, source=IMPORT, given_at=given_at
    )


async def enter_known_contacts(connection: Connection, people: Sequence[KnownContact]) -> EntryCounts:
    """Enter contacts for what they did; those erased meanwhile do not."""
    there = set(await SQL.hold_contacts.values(connection, contact_ids=[person.contact_id for person in people]))
    await _hold_products(connection, people)
    entry_counts = EntryCounts()
    for person in people:
        if person.contact_id in there:
            entry_counts.add(await _enter(connection, person.contact_id, person.late_entries))
    return entry_counts


async def _hold_products(connection: Connection, people: Sequence[NewContact | KnownContact]) -> None:
    """Lock all products first and in a fixed order: they stay locked until the transaction ends."""
    interests = [late_entry.interest for person in people for late_entry in person.late_entries]
    await SQL.hold_products.run(
        connection,
        store_ids=[interest.store_id for interest in interests],
        product_ids=[interest.product_id for interest in interests],
    )


async def _enter(connection: Connection, contact_id: ContactId, late_entries: Sequence[LateEntry]) -> EntryCounts:
    """Enter a contact once for each queue: by the earliest of their late entries that is admitted to it."""
    results: dict[tuple[str, str, str, str], Entered | NotEntered] = {}
    for late_entry in late_entries:
        if not isinstance(results.get(late_entry.line), Entered):
            results[late_entry.line] = await enter(
                connection, late_entry.alert.alert, contact_id, late_entry.interest, late=True
            )
    entry_counts = EntryCounts()
    for result in results.values():
        entry_counts.count(result)
    return entry_counts
