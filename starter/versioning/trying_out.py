"""What publishing a document would meet in an installation: it is done, as far as that tells, and taken back."""

from dataclasses import dataclass, replace

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError
from starter.versioning.entering_checks import entering_warnings
from starter.versioning.live_settings import lock_publishing, write_live_settings
from starter.versioning.public_address import public_address_notes, require_public_address
from starter.versioning.unfed_checks import unfed_warnings

SQL = load_queries("starter.versioning", "trying_out.sql")


@dataclass(frozen=True, slots=True)
class TriedOut:
    """What publishing a document would meet in an installation.

    Attributes:
        refused: why it would be refused; None: it would not.
        warnings: where nobody could enter, and which links there would be none of.
    """

    refused: str | None
    warnings: tuple[str, ...] = ()


async def try_out(pool: Pool, document: ConversationDocument, public_url: str | None = None) -> TriedOut:
    """Write what publishing the document would make live, and take it back.

    Sign-ups go on meanwhile: what is looked for in every contact is looked for before, and the conversation's row,
    which they hold, is left alone.

    Args:
        public_url: where shoppers reach the installation; None: nowhere.
    """
    unfed = await unfed_warnings(pool, document)
    try:
        require_public_address(document, public_url)
    except DomainError as error:
        return TriedOut(str(error))
    met = await _try_out(pool, document)
    links = public_address_notes(document, public_url)
    return met if met.refused is not None else replace(met, warnings=(*met.warnings, *unfed, *links))


@retry_on_deadlock
async def _try_out(pool: Pool, document: ConversationDocument) -> TriedOut:
    async with pool.acquire() as connection:
        trial = connection.transaction()
        await trial.start()
        try:
            await lock_publishing(connection)
            await SQL.name_if_new.run(connection, conversation=document.conversation, name=document.name)
            await write_live_settings(connection, document)
            return TriedOut(None, await entering_warnings(connection, document))
        except DomainError as error:
            return TriedOut(str(error))
        finally:
            await trial.rollback()
