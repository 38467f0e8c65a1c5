"""Passwords: how they are kept, and which are taken (NIST SP 800-63B: by length and guessability, not by composition).

They are hashed by Argon2id with the parameters of argon2-cffi, those of RFC 9106 for servers with little memory.
"""

import asyncio
import re
import secrets
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas.errors import DomainError, ErrorKind, FieldError

SHORTEST, LONGEST = 12, 128
"""Characters."""
HASHED_AT_ONCE = 2
"""By one process: each takes 64 MiB and a fifth of a second of one core."""
LEAST_SCORE = 3
"""Of zxcvbn's five, from 0: at least 10⁸ guesses by somebody who tries what people choose first."""
_READ = 4 * LONGEST
"""Characters of what is tried that are looked at: a letter and its accents are several on some keyboards."""
_JUDGED = 72
"""Characters that are judged; whatever begins so hard to guess stays so."""
OURS = ("shelftalk", "console")


class PasswordRefused(DomainError):
    """It is too short, too long, or among the first that somebody would try."""

    code = "password_refused"
    kind = ErrorKind.INVALID

    def __init__(self, why: Literal["short", "long", "guessed"], message: str) -> None:
        super().__init__(message, fields=(FieldError("password", message),))
        self.why = why


class Passwords:
    """Hashes and verifies, some at a time and beside the event loop.

    Args:
        hasher: with other parameters than are right for keeping passwords.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(HASHED_AT_ONCE)

    async def hash(self, password: str) -> str:
        """What is kept of it."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether it is this one. It takes as long where there is none to compare with."""
        async with self._turns:
            return await asyncio.to_thread(self._verify, kept or _nobodys(), password) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it would be hashed otherwise today."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        normal = _normal(password[:_READ])
        try:
            return self._hasher.verify(kept, normal[:LONGEST]) and len(normal) <= LONGEST
        except (VerificationError, InvalidHashError):
            return False


def require_good(password: str, about: Sequence[str]) -> None:
    """Refuse what is soon guessed.

    Args:
        about: what is known of the user: their name, their address.

    Raises:
        PasswordRefused: as it says.
    """
    length = len(_normal(password))
    if length < SHORTEST:
        raise PasswordRefused(
            "short", f"It needs {SHORTEST} characters or more; several words are easy to keep in mind."
        )
    if length > LONGEST:
        raise PasswordRefused("long", f"It may have {LONGEST} characters at most.")
    known = [part for text in (*OURS, *about) for part in (text, "".join(text.split()), *re.split(r"[@.\s]+", text))]
    if _score(_normal(password)[:_JUDGED], known) < LEAST_SCORE:
        raise PasswordRefused(
            "guessed",
            "It would be among the first to be tried: choose other words, not a name, a date or a row of keys.",
        )


def _score(password: str, known: Sequence[str]) -> int:
    # Imported here: its lists of words take a while to read, and most commands ask for no password.
    from zxcvbn import zxcvbn  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType] it has no types

    judged: Any = zxcvbn(password, user_inputs=known)
    return int(judged["score"])


def _normal(password: str) -> str:
    """The same characters, whatever keyboard they were typed on."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    """A hash that no password is known for."""
    return PasswordHasher().hash(secrets.token_urlsafe(32))
