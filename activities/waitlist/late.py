"""Entering late: by import, and for what contacts did before the alert was in force. It goes through `enter` as well.

Who enters late gets the place and the rest of the window that they would have now, had they entered at the time.
Nobody enters twice for the same thing, even if they have been notified since, and an opt-out is never overruled.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.waitlist.alerts import AlertInForce, alerts_in_force, sign_up_alert
from activities.waitlist.entry import Entered, Interest, NotEntered, enter
from schemas.channels import Channel
from schemas.document.alert_types.vocabulary import Action
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId, Level, StoreId, new_contact_id
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "late.sql")

IMPORT = "import"
"""Where consent was given, as the record has it."""


class NoSuchAlert(DomainError):
    """No alert of this code is in force."""

    code = "no_such_alert"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk alert list` shows them."


class AlertOfOtherStores(DomainError):
    """The alert's list is not for this store, so nobody of it enters."""

    code = "alert_of_other_stores"
    kind = ErrorKind.CONFLICT
    advice = "Name an alert of a list for this store, or publish the list with this store in its `stores`."


class AlertDraft(DomainError):
    """Every message behind the alert is a draft, so nobody enters."""

    code = "alert_draft"
    kind = ErrorKind.CONFLICT
    advice = "Set a message live and publish the conversation: `shelftalk conversation publish FILE`."


@dataclass(frozen=True, slots=True)
class LateAlert:
    """An alert in force, for those who enter it late."""

    alert: AlertInForce

    @property
    def code(self) -> str:
        return self.alert.alert_id

    @property
    def action(self) -> Action:
        return self.alert.action

    @property
    def level(self) -> Level:
        return self.alert.level

    @property
    def list_code(self) -> str:
        return self.alert.list_code

    @property
    def stores(self) -> Sequence[str] | None:
        return self.alert.stores

    @property
    def window_days(self) -> int:
        return self.alert.window_days

    @classmethod
    async def named(cls, pool: Pool, code: str, store_id: StoreId | None = None) -> Self:
        """The alert of this code.

        Args:
            store_id: where they enter; None: in any store that the alert's list is for.

        Raises:
            NoSuchAlert, AlertOfOtherStores, AlertDraft: as they say.
        """
        alerts = await alerts_in_force(pool, alert_id=code)
        if not alerts:
            raise NoSuchAlert(f"No alert '{code}' is in force.")
        if store_id is not None and not alerts[0].is_for(store_id):
            raise AlertOfOtherStores(
                f"Alert '{code}' is of list '{alerts[0].list_code}', which is not for store '{store_id}'."
            )
        return cls._live(alerts[0])

    @classmethod
    async def of_sign_ups(cls, pool: Pool, store_id: StoreId) -> Self:
        """The alert that a sign-up in this store enters where it names no list.

        Raises:
            NoAlert, ListNotNamed, AlertDraft: as they say.
        """
        return cls._live(await sign_up_alert(pool, store_id))

    @classmethod
    def _live(cls, alert: AlertInForce) -> Self:
        if not alert.live:
            raise AlertDraft(f"Every message behind alert '{alert.alert_id}' is a draft, so nobody can enter.")
        return cls(alert)


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
    """A contact with an address of the file; `granted`: their latest answer about consent, None if never asked."""

    id: ContactId
    email: str
    granted: bool | None


@dataclass(frozen=True, slots=True)
class ForgottenAddress:
    """An address of the file whose person was erased, by this store, or by all (empty)."""

    email: str
    store_id: str
    forgotten_at: datetime


class _NobodyEntered(Exception):
    """Rolls back what was written for one person of a file who does not enter."""


async def enter_new_contacts(connection: Connection, people: Sequence[NewContact]) -> EntryCounts:
    """Enter people of a file. Of those who do not enter, nothing is kept.

    Whoever opted out stays out, and what was asked for before somebody was erased is forgotten. Whoever was never asked
    is recorded as having agreed when they signed up: the owner of the file vouches for it.
    """
    rows = await SQL.hold_addresses.rows(
        connection, KnownAddress, emails=[person.email for person in people], channel=Channel.EMAIL
    )
    known = {row.email: row for row in rows}
    forgotten = await SQL.forgotten_since.rows(connection, ForgottenAddress, emails=[person.email for person in people])
    forgotten_at = {(row.email, row.store_id): row.forgotten_at for row in forgotten}
    await _hold_products(connection, people)
    entry_counts = EntryCounts()
    for person in people:
        person = _remembered(person, forgotten_at, entry_counts)
        if not person.late_entries:
            continue
        contact = known.get(person.email)
        if contact is not None and contact.granted is False:
            entry_counts.not_entered[Reason.NO_CONSENT] += _lines(person)
            continue
        mine = EntryCounts()
        try:
            async with connection.transaction():
                contact_id = contact.id if contact else await _make_contact(connection, person)
                agreed = contact is not None and contact.granted is not None
                if agreed or await _record_consent(connection, contact_id, person):
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
        when = [forgotten_at.get((person.email, store)) for store in ("", interest.store_id)]
        return all(at is None or interest.at > at for at in when)

    kept = tuple(late_entry for late_entry in person.late_entries if is_since(late_entry.interest))
    lost = {each.line for each in person.late_entries} - {each.line for each in kept}
    entry_counts.not_entered[Reason.ERASED] += len(lost)
    return NewContact(person.email, kept)


async def _make_contact(connection: Connection, person: NewContact) -> ContactId:
    return await SQL.make_contact.value(connection, contact_id=new_contact_id(), email=person.email)


def _lines(person: NewContact) -> int:
    return len({late_entry.line for late_entry in person.late_entries})


async def _record_consent(connection: Connection, contact_id: ContactId, person: NewContact) -> bool:
    """Given when they first signed up, by the file; false: they had said no before they were erased."""
    given_at = min(late_entry.interest.at for late_entry in person.late_entries)
    recorded: int | None = await SQL.consent.value(
        connection, contact_id=contact_id, channel=Channel.EMAIL, source=IMPORT, given_at=given_at
    )
    return recorded is not None


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
