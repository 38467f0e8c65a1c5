"""A message of a published version, as deliver finds it: its channel at once, its template when it is needed."""

from collections.abc import Mapping
from typing import Any

from schemas.channels import Channel
from schemas.document.conversation import MessageSection


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
    def transactional(self) -> bool:
        return self._stored.get("transactional") is True

    @property
    def section(self) -> MessageSection:
        """The template.

        Raises:
            ValidationError: this release cannot read it.
        """
        if self._section is None:
            self._section = MessageSection.model_validate(self._stored)
        return self._section
