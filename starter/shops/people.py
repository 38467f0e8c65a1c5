"""One person, by hand: everything that is held of them, forgetting them, their suppression, and what criteria ask.

Each change is one transaction with its row in the audit, by ids and numbers only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from activities.intake.erasure import erase_shop, forget_address
from activities.intake.known_stores import is_known
from activities.intake.profile import change_profile
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
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
    advice = "Letter case does not matter; a person known under another address is another contact."

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
    """Nothing stands against mail to this address."""

    code = "not_suppressed"
    kind = ErrorKind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__(
            "This address is not suppressed. Whoever took their consent back is written to when they agree again."
        )


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose address is known."""

    id: ContactId
    email: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be set of a person; what is left out stays.

    Attributes:
        attributes: merged into those there are; None removes one.
        tags: true puts one on them, false takes it off.
        consent: their word about being written to by e-mail, and `source`: where they said it.
        suppressed: false lifts a suppression; true makes one, for the reason `source`.
    """

    attributes: Mapping[str, Detail] = field(default_factory=dict[str, Detail])
    tags: Mapping[str, bool] = field(default_factory=dict[str, bool])
    consent: bool | None = None
    suppressed: bool | None = None
    source: str = "by hand"

    def counted(self) -> dict[str, object]:
        """How much is set, without what: values and names may be personal, and the audit stays."""
        counts = {"attributes": len(self.attributes) or None, "tags": len(self.tags) or None}
        words = {"consent": self.consent, "suppressed": self.suppressed}
        return {name: value for name, value in (counts | words).items() if value is not None}


class People:
    """What is done with one person. They are named by their contact id or their address, in any letter case."""

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
            return await _report(connection, known.id)

    async def export(self, who: str, actor: str) -> ContactExport:
        """Everything that is held of them. It is put on record that it was read.

        Raises:
            UnknownContact: as it says.
        """
        async with transaction(self._pool) as connection:
            known = await _known(connection, who)
            await write_audit(connection, actor, "contact exported", {"contact": known.id})
            return await SQL.export.one(connection, ContactExport, contact_id=known.id)

    @retry_on_deadlock
    async def erase(self, who: str, actor: str) -> ContactErased:
        """Forget them, in all stores. An address that nobody is known by is forgotten too: what is told late brings
        nobody back.

        Raises:
            UnknownContact: nobody has this id.
        """
        async with transaction(self._pool) as connection:
            email = who if "@" in who else (await _known(connection, who)).email
            contact_id = await forget_address(connection, email.lower(), None)
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
    async def change(self, who: str, changes: Changes, actor: str) -> ContactReport:
        """Set what criteria and the check before a message go by.

        Raises:
            UnknownContact, AttributesTooLarge, NotSuppressed: as they say; then nothing is set.
        """
        async with transaction(self._pool) as connection:
            known = await _known(connection, who)
            await change_profile(connection, known.id, changes.attributes, changes.tags, datetime.now(UTC))
            if changes.suppressed is not None:
                await _set_suppression(connection, known.email, changes.source, suppressed=changes.suppressed)
            if changes.consent is not None:
                await record_word(connection, known.id, changes.source, granted=changes.consent)
            await write_audit(connection, actor, "contact set", {"contact": known.id, **changes.counted()})
            return await _report(connection, known.id)

    @retry_on_deadlock
    async def suppress(self, email: str, reason: str, actor: str, *, suppressed: bool) -> SuppressionReport:
        """Send nothing to an address any more, whoever's it is and whatever they agree to; or lift that.

        Raises:
            NotSuppressed: as it says.
        """
        async with transaction(self._pool) as connection:
            known = await SQL.contact_by.row(connection, Known, who=email.lower())
            await _set_suppression(connection, email, reason, suppressed=suppressed)
            contact_id = known.id if known is not None else None
            action = "address suppressed" if suppressed else "suppression lifted"
            await write_audit(connection, actor, action, {"contact": contact_id})
        return SuppressionReport(contact=contact_id, suppressed=suppressed)


async def _known(connection: Connection, who: str) -> Known:
    row = await SQL.contact_by.row(connection, _Found, who=who)
    if row is None or row.email is None:
        raise UnknownContact
    return Known(row.id, row.email)


@dataclass(frozen=True, slots=True)
class _Found:
    """A contact; without an address they were erased."""

    id: ContactId
    email: str | None


async def _report(connection: Connection, contact_id: ContactId) -> ContactReport:
    return await SQL.report.one(connection, ContactReport, contact_id=contact_id, channel=Channel.EMAIL)


async def _set_suppression(connection: Connection, email: str, reason: str, *, suppressed: bool) -> None:
    if suppressed:
        await SQL.suppress.run(connection, channel=Channel.EMAIL, email=email, reason=reason)
    elif not await SQL.unsuppress.value(connection, channel=Channel.EMAIL, email=email):
        raise NotSuppressed
