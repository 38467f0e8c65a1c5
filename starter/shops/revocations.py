"""Texts that may take a consent back: those that wait, and what a person decides of each."""

from dataclasses import dataclass

from activities.feedback.refusals import Refuser, refuse
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.errors import DomainError, ErrorKind
from schemas.ids import ContactId
from schemas.responses.revocations import Decision, OpenRevocations, Revocation, RevocationDecided

SQL = load_queries("starter.shops", "revocations.sql")


class NoSuchRevocation(DomainError):
    """No text of this id waits: there is none, or it was decided already."""

    code = "no_such_revocation"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk revocation list` shows those that wait."

    def __init__(self) -> None:
        super().__init__("No text of this id waits: there is none, or it was decided already.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A text that waits, and whose it is."""

    channel: str
    address: str
    contact_id: ContactId | None


class Revocations:
    """The queue."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, limit: int) -> OpenRevocations:
        """Those that wait for somebody to read them."""
        rows, total = await SQL.waiting.counted(self._pool, Revocation, most=limit)
        return OpenRevocations(total=total, revocations=tuple(rows))

    @retry_on_deadlock
    async def decide(self, revocation_id: int, decision: Decision, actor: str) -> RevocationDecided:
        """Say what it means. Confirmed, it is a no as STOP is one: nothing is sent there any more.

        Raises:
            NoSuchRevocation: as it says.
        """
        async with transaction(self._pool) as connection:
            await SQL.hold_contact.run(connection, id=revocation_id)
            found = await SQL.decide.row(connection, Waiting, id=revocation_id, decision=decision, actor=actor)
            if found is None:
                raise NoSuchRevocation
            if decision is Decision.CONFIRMED:
                who = Refuser(found.channel, found.address, found.contact_id, found.contact_id is not None)
                await refuse(connection, who, suppressed_for="stop", said="stop")
            if found.contact_id is None:
                await SQL.forget.run(connection, id=revocation_id)
            details = {"revocation": revocation_id, "contact": found.contact_id}
            await write_audit(connection, actor, f"revocation {decision}", details)
        return RevocationDecided(id=revocation_id, decision=decision, contact=found.contact_id)
