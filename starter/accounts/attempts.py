"""How often somebody may try a password or a code: counted in PostgreSQL, so that all web processes count together.

An attempt is counted before it is judged, so that many at once are no more than one after another; what was right is
taken back.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind

SQL = load_queries("starter.accounts", "attempts.sql")

WINDOW = timedelta(minutes=15)
"""Attempts are counted for so long from the first of them."""
OF_ACCOUNT_FROM_NETWORK = 5
"""Attempts at one account from one network."""
OF_ACCOUNT = 50
"""From everywhere: of one account, so that many networks together do not guess; more than its owner mistypes, so that a
stranger does not lock them out in passing."""
OF_NETWORK = 100
"""At any account: a whole office signs in from one in the morning."""
OF_CODES = 20
"""Codes of one account from everywhere. Who guesses codes has the password, so its owner has more to fear than to wait:
three of a million codes are right at a time, and 20 in a quarter of an hour find one in half a year."""


class TooManySignIns(DomainError):
    """It was tried too often."""

    code = "too_many_sign_ins"
    kind = ErrorKind.CONFLICT

    def __init__(self, seconds: int) -> None:
        minutes = math.ceil(seconds / 60)
        super().__init__(f"That was too often: try again in {minutes} min, or ask an admin.", retry_after=seconds)


@dataclass(frozen=True, slots=True)
class Counted:
    """What an attempt counts for.

    Attributes:
        hashed: of whatever was typed, which may be anything.
        most: attempts within the window.
    """

    hashed: bytes
    most: int


def of_password(email: str, network: str) -> list[Counted]:
    """What a password that is tried counts for, the narrowest first: what it refuses counts for nothing wider."""
    account = email.lower()
    return [
        _counted(f"account {account} network {network}", OF_ACCOUNT_FROM_NETWORK),
        _counted(f"account {account}", OF_ACCOUNT),
        of_network(network),
    ]


def of_code(user_id: str, network: str) -> list[Counted]:
    """What a code that is tried counts for. The right password takes nothing of it back."""
    return [
        _counted(f"codes of {user_id} network {network}", OF_ACCOUNT_FROM_NETWORK),
        _counted(f"codes of {user_id}", OF_CODES),
        of_network(network),
    ]


def of_network(network: str) -> Counted:
    """What any attempt from a network counts for."""
    return _counted(f"network {network}", OF_NETWORK)


async def count_attempt(pool: Pool, counted: Sequence[Counted]) -> None:
    """Count one more.

    Raises:
        TooManySignIns: as it says.
    """
    for each in counted:
        row = await SQL.count_attempt.one(pool, _Attempts, counted=each.hashed, window=WINDOW)
        if row.attempts > each.most:
            left = (row.since + WINDOW - datetime.now(UTC)).total_seconds()
            raise TooManySignIns(max(1, math.ceil(left)))


async def take_back(on: Pool | Connection, counted: Sequence[Counted]) -> None:
    """It was right."""
    await SQL.take_back.run(on, counted=[each.hashed for each in counted])


@dataclass(frozen=True, slots=True)
class _Attempts:
    attempts: int
    since: datetime


def _counted(text: str, most: int) -> Counted:
    return Counted(hashlib.sha256(text.encode()).digest(), most)
