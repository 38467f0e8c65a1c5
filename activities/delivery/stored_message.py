"""What is stored of a message, as deliver finds it: its channel at once, its template when needed, and its outcome."""

from collections.abc import Mapping
from typing import Any

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.channels import Channel
from schemas.document.conversation import MessageSection
from schemas.ids import VersionId
from schemas.journey.activities import Delivered
from schemas.journey.outcome import Outcome

SQL = load_queries("activities.delivery", "send_context.sql")

KEPT_MESSAGES = 1000
"""Message texts kept in memory. Versions never change, so what is kept is never stale."""


class StoredMessage:
    """A message of a published version as it is stored; its template is read when somebody needs it.

    A newer release may have published what this one cannot read: whoever was refused, or has an outcome already, is not
    to wait for that.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored
        self._section: MessageSection | None = None

    @property
    def channel(self) -> Channel:
        return Channel(self._stored["channel"])

    @property
    def section(self) -> MessageSection:
        """The template.

        Raises:
            ValidationError: this release cannot read it.
        """
        if self._section is None:
            self._section = MessageSection.model_validate(self._stored)
        return self._section


class StoredMessages:
    """Finds messages of published versions; keeps those that it has read."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._messages: dict[tuple[VersionId, str], StoredMessage | None] = {}

    async def find(self, version_id: VersionId, code: str) -> StoredMessage | None:
        """A message; None when the version has none of this name."""
        if (version_id, code) not in self._messages:
            if len(self._messages) >= KEPT_MESSAGES:
                self._messages.clear()
            found = await SQL.message.value(self._pool, version=version_id, message=code)
            self._messages[version_id, code] = None if found is None else StoredMessage(found)
        return self._messages[version_id, code]


def recorded_outcome(stored: object) -> Outcome | None:
    """The outcome as the ledger's column holds it; None: it is not settled."""
    return Delivered.model_validate({"outcome": stored}).outcome if stored else None
