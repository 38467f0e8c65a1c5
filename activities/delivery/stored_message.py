"""A message of a published version, as deliver finds it: its channel at once, its templates when they are needed."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from schemas.channels import Channel
from schemas.document.compiled_message import CompiledMessage


class StoredMessage:
    """A message of a published version as it is stored; its templates are read when somebody needs them.

    A newer release may have published what this one cannot read: whoever was refused, or has an outcome already, is not
    to wait for that.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored
        self._names = frozenset(re.findall(r"\b(?:wait|variant) *\. *\w+", json.dumps(stored)))

    @property
    def channel(self) -> Channel:
        return Channel(self._stored["channel"])

    @cached_property
    def compiled(self) -> CompiledMessage:
        """The templates.

        Raises:
            ValidationError: this release cannot read it.
        """
        return CompiledMessage.model_validate(self._stored)

    def shows(self, name: str) -> bool:
        """Whether a template may name this part of `wait` or `variant`: what none shows is not looked up."""
        return any(each.replace(" ", "") == name for each in self._names)
