"""Which version of which conversation is meant, as people write it: `back-in-stock`, `back-in-stock@3`."""

import re
from dataclasses import dataclass
from typing import Self

from schemas.errors import DomainError, ErrorKind

WORKING = "working"
PUBLISHED = "published"
MOST_VERSIONS = 2**31 - 1
"""The largest number that PostgreSQL has for one."""
_NAMED = re.compile(rf"([a-z0-9][a-z0-9-]{{0,62}})(?:@([1-9]\d{{0,8}}|{WORKING}|{PUBLISHED}))?")


class NoSuchVersion(DomainError):
    """There is no such conversation or version; the text says which, and what to do."""

    code = "no_such_version"
    kind = ErrorKind.NOT_FOUND

    def __init__(self, message: str) -> None:
        super().__init__(message, public="There is no such conversation, or it has no such version.")


@dataclass(frozen=True, slots=True)
class Which:
    """A version of a conversation. `number` None: the working one if `working`, else the published one."""

    code: str
    number: int | None = None
    working: bool = False

    @classmethod
    def named(cls, text: str) -> Self:
        """Read `back-in-stock`, `back-in-stock@3`, `back-in-stock@published` or `back-in-stock@working`.

        Raises:
            NoSuchVersion: nothing has such a name.
        """
        match = _NAMED.fullmatch(text)
        if match is None:
            raise NoSuchVersion(
                f"'{text}' names no version: write a conversation's code, and if need be which of its versions, "
                "like 'back-in-stock@3' or 'back-in-stock@working'."
            )
        code, which = match.groups()
        return cls(code, int(which) if which and which.isdigit() else None, which == WORKING)

    def __str__(self) -> str:
        return f"{self.code}@{WORKING if self.working else self.number or PUBLISHED}"
