"""One person, by hand: everything that is held of them, forgetting them, their suppression, and what criteria ask.

Each change is one transaction with its row in the audit, by ids and numbers only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import assert_never

from asyncpg import UniqueViolationError

from activities.intake.erasure import erase_shop, forget_address
from activities.intake.known_stores import is_known
from activities.intake.profile import change_profile
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.waitlist.entrances import NumberOfAnother
from activities.waitlist.up_to_them import LONGEST_PAUSE_DAYS, pause_places
from schemas.channels import Channel
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId, StoreId
from schemas.incoming.events import Detail
from schemas.responses.people import ContactErased, ContactExport, ContactReport, StoreErased, SuppressionReport
from starter.shops.consents import record_word

SQL = load_queries("starter.shops", "people.sql")


class UnknownContact(DomainError):
    """Nobody is known by this id or address, or they were erased."""

    code = "unknown_contact"
    kind = ErrorKind.NOT_FOUND
    advice = "A number is written with + and its country's code; who is known under another address is another contact."

    def __init__(self) -> None:
        super().__init__("Nobody is known by this id or address, or they were erased.")


class UnknownStore(DomainError):
    """Nobody has told of this store."""

    code = "unknown_store"
    kind = ErrorKind.NOT_FOUND
    advice = "The id is as its storefront has it, like shop.example."

    def __init__(self, store_id: str) -> None:
        super().__init__(f"Nobody has told of a store '{store_id}'.")


class NotSuppressed(DomainError):
    """Nothing stands against messages to this address."""

    code = "not_suppressed"
    kind = ErrorKind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__(
            "This address is not suppressed. Whoever took their consent back is written to when they agree again."
        )


class HoldsInAllStores(DomainError):
    """A yes holds in all stores, and so does a suppression that is lifted: whoever is for some alone says neither."""

    code = "forbidden"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This holds in all stores, and you are for some of them only.")


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of whom an address is known."""

    id: ContactId
    email: str | None
    phone: str | None

    @property
    def any(self) -> str:
        """One of their addresses."""
        address = self.email or self.phone
        assert address is not None, "who is known has an address"
        return address

    def on(self, channel: Channel) -> str | None:
        """Where they are reached on a channel."""
        match channel:
            case Channel.EMAIL:
                return self.email
            case Channel.SMS:
                return self.phone
            case _:
                assert_never(channel)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be set of a person; what is left out stays.

    Attributes:
        attributes: merged into those there are; None removes one.
        tags: true puts one on them, false takes it off.
        phone: their number, in E.164, instead of the one they have.
        consent, sms_consent: their word about e-mails, and about text messages; `source`: where they said it.
        suppressed, sms_suppressed: false lifts a suppression; true makes one, for the reason `source`.
    """

    attributes: Mapping[str, Detail] = field(default_factory=dict[str, Detail])
    tags: Mapping[str, bool] = field(default_factory=dict[str, bool])
    consent: bool | None = None
    suppressed: bool | None = None
    source: str = "by hand"
    phone: str | None = None
    sms_consent: bool | None = None
    sms_suppressed: bool | None = None

    def words(self) -> Iterator[tuple[Channel, bool | None, bool | None]]:
        """Of each channel their word, and what becomes of its suppression."""
        yield Channel.EMAIL, self.consent, self.suppressed
        yield Channel.SMS, self.sms_consent, self.sms_suppressed

    @property
    def opens(self) -> bool:
        """Whether they let somebody be written to who was not, in whichever store."""
        return self.phone is not None or any(yes is True or shut is False for _, yes, shut in self.words())

    def counted(self) -> dict[str, object]:
        """How much is set, without what: values and names may be personal, and the audit stays."""
        counts = {"attributes": len(self.attributes) or None, "tags": len(self.tags) or None}
        words = {
            "phone": self.phone is not None or None,
            "consent": self.consent,
            "suppressed": self.suppressed,
            "sms_consent": self.sms_consent,
            "sms_suppressed": self.sms_suppressed,
        }
        return {name: value for name, value in (counts | words).items() if value is not None}


class People:
    """What is done with one person. They are named by their contact id, address (in any letter case) or number."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, who: str, actor: str) -> ContactReport:
        """Who it is, and what criteria know of them. It is put on record that they were looked up.

        Raises:
            UnknownContact: as it says.
        """
        async with transaction(self._pool) as connection:
            known = await _known(connection, who)
            await write_audit(connection, actor, "contact looked up", {"contact": known.id})
            return await report_on(connection, known.id)

    async def export(self, who: str, actor: str, store_id: StoreId | None = None) -> ContactExport:
        """Everything that is held of them. It is put on record that it was read.

        Args:
            store_id: of this store, with what holds in all; None: of all.

        Raises:
            UnknownContact, UnknownStore: as they say.
        """
        async with transaction(self._pool) as connection:
            known = await _known(connection, who)
            if store_id is not None and not await is_known(connection, store_id):
                raise UnknownStore(store_id)
            of_store = {} if store_id is None else {"store": store_id}
            await write_audit(connection, actor, "contact exported", {"contact": known.id, **of_store})
            return await SQL.export.one(connection, ContactExport, contact_id=known.id, store_id=store_id)

    @retry_on_deadlock
    async def erase(self, who: str, actor: str) -> ContactErased:
        """Forget them, in all stores. An address that nobody is known by is forgotten too: what is told late brings
        nobody back.

        Raises:
            UnknownContact: nobody has this id.
        """
        async with transaction(self._pool) as connection:
            address = who.lower() if "@" in who or who.startswith("+") else (await _known(connection, who)).any
            contact_id = await forget_address(connection, address, None)
            await write_audit(connection, actor, "contact erased", {"contact": contact_id})
        return ContactErased(contact=contact_id)

    @retry_on_deadlock
    async def erase_store(self, store_id: StoreId, actor: str) -> StoreErased:
        """Forget what a store reported of people: all whom only it knows, and its own part of the others.

        Raises:
            UnknownStore: as it says.
        """
        async with transaction(self._pool) as connection:
            if not await is_known(connection, store_id):
                raise UnknownStore(store_id)
            await erase_shop(connection, store_id, actor)
        return StoreErased(store=store_id)

    @retry_on_deadlock
    async def change(
        self, who: str, changes: Changes, actor: str, stores: Sequence[StoreId] | None = None
    ) -> ContactReport:
        """Set what criteria and the check before a message go by.

        Args:
            stores: those that whoever changes it is for: whom none of them knows is nobody to them. None: all.

        Raises:
            UnknownContact, AttributesTooLarge, NotSuppressed, NumberOfAnother, HoldsInAllStores: as they say; then
                nothing is set.
        """
        if stores is not None and changes.opens:
            raise HoldsInAllStores
        async with transaction(self._pool) as connection:
            known = await _known(connection, who, stores)
            await change_profile(connection, known.id, changes.attributes, changes.tags, datetime.now(UTC))
            if changes.phone is not None:
                known = await _with_phone(connection, known, changes.phone)
            for channel, consent, suppressed in changes.words():
                if suppressed is not None:
                    if (address := known.on(channel)) is None:
                        raise NotSuppressed
                    await _set_suppression(connection, channel, address, changes.source, suppressed=suppressed)
                if consent is not None:
                    await record_word(connection, known.id, changes.source, granted=consent, channel=channel)
            await write_audit(connection, actor, "contact set", {"contact": known.id, **changes.counted()})
            return await report_on(connection, known.id)

    @retry_on_deadlock
    async def pause(self, who: str, days: int | None, actor: str, stores: Sequence[StoreId] | None) -> ContactReport:
        """They get no messages for so many days, and keep every place; None: their pause ends. Otherwise as `change`.

        Raises:
            UnknownContact: as it says.
        """
        async with transaction(self._pool) as connection:
            known = await _known(connection, who, stores)
            within = None if days is None else max(1, min(days, LONGEST_PAUSE_DAYS))
            await pause_places(connection, known.id, within)
            await write_audit(connection, actor, "contact paused", {"contact": known.id, "days": within})
            return await report_on(connection, known.id)

    @retry_on_deadlock
    async def suppress(self, address: str, reason: str, actor: str, *, suppressed: bool) -> SuppressionReport:
        """Send nothing to an address any more, whoever's it is and whatever they agree to; or lift that.

        Raises:
            NotSuppressed: as it says.
        """
        async with transaction(self._pool) as connection:
            known = await SQL.contact_by.row(connection, Known, who=address.lower(), stores=None)
            channel = Channel.EMAIL if "@" in address else Channel.SMS
            await _set_suppression(connection, channel, address, reason, suppressed=suppressed)
            contact_id = known.id if known is not None else None
            action = "address suppressed" if suppressed else "suppression lifted"
            await write_audit(connection, actor, action, {"contact": contact_id})
        return SuppressionReport(contact=contact_id, suppressed=suppressed)


async def _known(connection: Connection, who: str, stores: Sequence[StoreId] | None = None) -> Known:
    found = await SQL.contact_by.row(connection, Known, who=who, stores=stores)
    if found is None or found.email is found.phone is None:
        raise UnknownContact
    return found


async def _with_phone(connection: Connection, known: Known, phone: str) -> Known:
    try:
        async with connection.transaction():
            await SQL.take_lent_number.run(connection, phone=phone, email=known.email)
            await SQL.set_phone.run(connection, contact_id=known.id, phone=phone)
    except UniqueViolationError:
        raise NumberOfAnother from None
    return replace(known, phone=phone)


async def report_on(connection: Connection, contact_id: ContactId) -> ContactReport:
    """What criteria and messages know of somebody."""
    return await SQL.report.one(connection, ContactReport, contact_id=contact_id, email=Channel.EMAIL, sms=Channel.SMS)


async def _set_suppression(
    connection: Connection, channel: Channel, address: str, reason: str, *, suppressed: bool
) -> None:
    if suppressed:
        await SQL.suppress.run(connection, channel=channel, address=address, reason=reason)
    elif not await SQL.unsuppress.value(connection, channel=channel, address=address):
        raise NotSuppressed
