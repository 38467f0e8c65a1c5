"""Signing in: a password compared, and how often somebody may try.

Attempts are counted in PostgreSQL, so that all web processes count together, and before the password is compared, so
that many at once are no more than one after another. Who is not there, is disabled or has no password is answered as
who mistypes theirs, and after the same work.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from starter.accounts.passwords import Passwords
from starter.accounts.sessions import Where, begin_session
from starter.accounts.user_rows import SQL as SQL_OF_USERS
from starter.accounts.users import WithPassword
from starter.accounts.viewer import actor_of

SQL = load_queries("starter.accounts", "signing_in.sql")

WINDOW = timedelta(minutes=15)
"""Attempts are counted for so long from the first of them."""
OF_ACCOUNT_FROM_NETWORK = 5
"""Attempts at one account from one network."""
OF_ACCOUNT = 50
"""From everywhere: of one account, so that many networks together do not guess; more than its owner mistypes, so that a
stranger does not lock them out in passing."""
OF_NETWORK = 100
"""At any account: a whole office signs in from one in the morning."""


class SignInRefused(DomainError):
    """Address or password is wrong, or the user is disabled; nobody is told which."""

    code = "sign_in_refused"
    kind = ErrorKind.NOT_AUTHENTIC

    def __init__(self) -> None:
        super().__init__("This address and this password do not belong together.")


class TooManySignIns(DomainError):
    """It was tried too often."""

    code = "too_many_sign_ins"
    kind = ErrorKind.CONFLICT

    def __init__(self, seconds: int) -> None:
        minutes = math.ceil(seconds / 60)
        super().__init__(f"That was too often: try again in {minutes} min, or ask an admin.", retry_after=seconds)


@dataclass(frozen=True, slots=True)
class _Counted:
    attempts: int
    since: datetime


class SigningIn:
    """Takes address and password for a session."""

    def __init__(self, pool: Pool, passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords

    async def sign_in(self, email: str, password: str, where: Where) -> str:
        """Begin a session; its token.

        Raises:
            SignInRefused, TooManySignIns: as they say.
        """
        email = email.strip() if email.isprintable() else ""  # nobody's; and no text that PostgreSQL takes
        counted = _counted(email, where.network)
        await self._count(counted)
        user = await SQL_OF_USERS.to_sign_in.row(self._pool, WithPassword, email=email)
        kept = user.password_hash if user is not None and not user.disabled else None
        right = await self._passwords.verify(kept, password)
        if user is None or kept is None or not right:
            raise SignInRefused
        renewed = await self._passwords.hash(password) if self._passwords.is_outdated(kept) else None
        async with transaction(self._pool) as connection:
            await SQL.take_back.run(connection, counted=[hashed for hashed, _ in counted])
            if renewed is not None:
                await SQL_OF_USERS.set_password.run(connection, user_id=user.id, password_hash=renewed)
            session = await begin_session(connection, user.id, where)
            await SQL_OF_USERS.note_sign_in.run(connection, user_id=user.id)
            details = {"user": user.id, "browser": where.browser, "network": where.network}
            await write_audit(connection, actor_of(user.id), "sign in", details)
        return session

    async def _count(self, counted: list[tuple[bytes, int]]) -> None:
        for hashed, most in counted:
            row = await SQL.count_attempt.row(self._pool, _Counted, counted=hashed, window=WINDOW)
            assert row is not None, "it was just written"
            if row.attempts > most:
                left = (row.since + WINDOW - datetime.now(UTC)).total_seconds()
                raise TooManySignIns(max(1, math.ceil(left)))


def _counted(email: str, network: str) -> list[tuple[bytes, int]]:
    """What an attempt counts for, the narrowest first: what it refuses counts for nothing wider."""
    account = email.lower()
    limits = (
        (f"account {account} network {network}", OF_ACCOUNT_FROM_NETWORK),
        (f"account {account}", OF_ACCOUNT),
        (f"network {network}", OF_NETWORK),
    )
    return [(hashlib.sha256(text.encode()).digest(), most) for text, most in limits]
