"""Publishing a conversation: an immutable version, hashed by its content, and the alerts it makes."""

import hashlib
import json
from dataclasses import dataclass

from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.conversation import ConversationDocument
from schemas.ids import VersionId
from workflows.interpreter.compiler import compile_document

SQL = load_queries("starter", "publishing.sql")

_LOCK = 0x5E1F7A1D
"""Publishing is rare and done one at a time."""


class AlertTaken(Exception):
    """Another conversation has an alert of this type and action on the same list already."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published version; `new` is false when this very content was published before."""

    version_id: VersionId
    conversation: str
    number: int
    new: bool


async def publish(pool: Pool, document: ConversationDocument) -> Published:
    """Publish a document. Journeys under way keep their version; those who sign up from now on get this one.

    Raises:
        AlertTaken: the list has this type and action already, from another conversation.
    """
    content = document.model_dump(mode="json", by_alias=True)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    async with transaction(pool) as connection:
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(SQL["name_conversation"], document.conversation, document.name)
        row = await connection.fetchrow(SQL["find_version"], document.conversation, digest)
        new = row is None
        if row is None:
            number = await connection.fetchval(SQL["next_number"], document.conversation)
            version_id = VersionId(f"{document.conversation}@{number}")
            program = compile_document(document, version_id)
            await connection.execute(
                SQL["add_version"],
                version_id,
                document.conversation,
                number,
                digest,
                content,
                program.model_dump(mode="json"),
            )
        else:
            number, version_id = row["number"], VersionId(row["id"])
        quiet = document.list.quiet_hours
        await connection.execute(
            SQL["set_list"],
            document.list.code,
            document.list.name,
            document.list.time_zone,
            quiet.starts if quiet else None,
            quiet.ends if quiet else None,
        )
        await connection.execute(SQL["retire_alerts_but"], document.conversation, list(document.alerts))
        for code, alert in document.alerts.items():
            taken = await connection.fetchrow(
                SQL["alert_taken"], code, document.conversation, document.list.code, alert.type, alert.action
            )
            if taken is not None:
                raise AlertTaken(
                    f"alerts.{code}: list '{document.list.code}' has an alert '{alert.type}' by '{alert.action}' "
                    f"already: '{taken['id']}' of conversation '{taken['conversation']}'. A list has one alert per "
                    "type and action: change that one, or give this conversation another list code."
                )
            await connection.execute(
                SQL["set_alert"],
                code,
                document.list.code,
                document.conversation,
                alert.type,
                alert.action,
                alert.quantity_threshold,
                alert.contacts_per_unit,
                alert.relevancy_window.days,
            )
        await connection.execute(SQL["publish"], document.conversation, version_id)
    return Published(version_id, document.conversation, number, new)


async def anything_published(pool: Pool) -> bool:
    """Whether any conversation is published."""
    return bool(await pool.fetchval(SQL["anything_published"]))
