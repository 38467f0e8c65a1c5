"""What is stored of a message, as deliver finds it: its channel at once, its templates when needed, and its outcome."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.channels import Channel
from schemas.document.compiled_message import CompiledMessage
from schemas.document.conversation import loops_over_together
from schemas.ids import VersionId
from schemas.journey.activities import Delivered
from schemas.journey.outcome import Outcome

SQL = load_queries("activities.delivery", "stored_message.sql")

KEPT_MESSAGES = 1000
"""Message texts kept in memory. Versions never change, so what is kept is never stale."""


class StoredMessage:
    """A message of a published version as it is stored; its templates are read when somebody needs them.

    A newer release may have published what this one cannot read: whoever was refused, or has an outcome already, is not
    to wait for that.
    """

    def __init__(self, stored: Mapping[str, Any], *, beside: bool = False) -> None:
        """`beside`: its version says something on another channel than e-mail, too."""
        self._stored = stored
        self.beside = beside
        self._names = frozenset(re.findall(r"\b(?:wait|variant) *\. *\w+", json.dumps(stored)))

    @property
    def channel(self) -> Channel:
        return Channel(self._stored["channel"])

    @property
    def transactional(self) -> bool:
        return self._stored.get("transactional") is True

    @cached_property
    def compiled(self) -> CompiledMessage:
        """The templates.

        Raises:
            ValidationError: this release cannot read it.
        """
        return CompiledMessage.model_validate(self._stored)

    @cached_property
    def tells_together(self) -> bool:
        """Whether it says, in each of its languages, all that is told in one message."""
        wordings: Mapping[str, Mapping[str, str | None]] = self._stored["wordings"]
        return all(loops_over_together(each.get("text"), each.get("html")) for each in wordings.values())

    def shows(self, name: str) -> bool:
        """Whether a template may name this part of `wait` or `variant`: what none shows is not looked up."""
        return any(each.replace(" ", "") == name for each in self._names)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A row of `message`: as `StoredMessage` takes them; None: the version has none of this name."""

    message: dict[str, Any] | None
    beside: bool


class StoredMessages:
    """The messages of published versions; keeps those that it has read."""

    def __init__(self, database: Pool | Connection) -> None:
        self._database = database
        self._kept: dict[tuple[VersionId, str], StoredMessage | None] = {}

    async def find(self, version_id: VersionId, code: str) -> StoredMessage | None:
        """A message of a published version; it never changes. None when the version has none of this name."""
        if (version_id, code) not in self._kept:
            if len(self._kept) >= KEPT_MESSAGES:
                self._kept.clear()
            row = await SQL.message.row(
                self._database, MessageRow, version=version_id, message=code, plain=Channel.EMAIL
            )
            found = None if row is None or row.message is None else StoredMessage(row.message, beside=row.beside)
            self._kept[version_id, code] = found
        return self._kept[version_id, code]


def recorded_outcome(stored: object) -> Outcome | None:
    """The outcome as the ledger's column holds it; None: it is not settled."""
    return Delivered.model_validate({"outcome": stored}).outcome if stored else None
