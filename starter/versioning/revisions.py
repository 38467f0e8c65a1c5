"""The revisions of working versions: each save is one, and they are undone and redone, whoever saved them."""

from dataclasses import dataclass
from datetime import datetime

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind
from schemas.responses.versions import SavedWorking
from starter.versioning.contents import readable_document

SQL = load_queries("starter.versioning", "versions.sql")
MOST_KEPT = 50
"""Of one conversation; nobody goes back farther than some dozens of saves."""


class NothingToUndo(DomainError):
    """There is no revision before the working version, or none after it."""

    code = "nothing_to_undo"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__("There is nothing to undo or redo here, or somebody saved something else meanwhile.")


@dataclass(frozen=True, slots=True)
class Around:
    """Whether the working version can be undone, and redone."""

    undo: bool = False
    redo: bool = False


@dataclass(frozen=True, slots=True)
class _Stepped:
    content_hash: str
    saved_at: datetime


async def keep_revision(connection: Connection, code: str) -> None:
    """Keep what was just saved as a revision; of those before, the latest `MOST_KEPT`."""
    await SQL.keep_revision.run(connection, conversation=code, most=MOST_KEPT)


class Revisions:
    """The revisions of all working versions of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def around(self, code: str) -> Around:
        """Whether a working version can be undone and redone; neither, where there is none."""
        return await SQL.revisions_around.row(self._pool, Around, conversation=code) or Around()

    async def of_content(self, code: str, content_hash: str) -> ConversationDocument | None:
        """What was saved under this content hash; None: it is not kept any more, or not readable."""
        return readable_document(
            await SQL.revision_of_content.value(self._pool, conversation=code, content_hash=content_hash)
        )

    async def undo(self, code: str, based_on: str, by: str) -> SavedWorking:
        """Let the working version say again what it said before the last save.

        Args:
            based_on: the content hash of the working version that was looked at.

        Raises:
            NothingToUndo: as it says.
        """
        return await self._step(code, based_on, by, -1)

    async def redo(self, code: str, based_on: str, by: str) -> SavedWorking:
        """The inverse of `undo`.

        Raises:
            NothingToUndo: as it says.
        """
        return await self._step(code, based_on, by, 1)

    @retry_on_deadlock
    async def _step(self, code: str, based_on: str, by: str, steps: int) -> SavedWorking:
        async with transaction(self._pool) as connection:
            await SQL.hold_conversation.run(connection, conversation=code)
            found = await SQL.working_hash.value(connection, conversation=code)
            stepped = None
            if found == based_on:
                stepped = await SQL.step_to_revision.row(
                    connection, _Stepped, conversation=code, steps=steps, saved_by=by
                )
            if stepped is None:
                raise NothingToUndo
            details = {"conversation": code, "content_hash": stepped.content_hash}
            await write_audit(connection, by, "undo" if steps < 0 else "redo", details)
        return SavedWorking(
            conversation=code,
            content_hash=stepped.content_hash,
            saved_at=stepped.saved_at,
            saved_by=by,
            changed=stepped.content_hash != based_on,
        )
