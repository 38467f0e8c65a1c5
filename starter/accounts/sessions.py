"""Sessions: the browsers in which users are signed in."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.ids import UserId
from schemas.responses.users import SessionReport
from starter.accounts.tokens import new_token, token_hash
from starter.accounts.viewer import Viewer, actor_of

SQL = load_queries("starter.accounts", "sessions.sql")

LASTS = timedelta(hours=12)
"""From sign-in, however much it is used: a working day."""
IDLE = timedelta(hours=1)
"""Without a request."""
USE_PRECISION = timedelta(minutes=5)
"""How exactly the last use is known: a session in use writes once in that time."""
_LIMITS = {"lasts": LASTS, "idle": IDLE}


class Way(StrEnum):
    """What was shown to be signed in."""

    PASSWORD = "password"
    SECOND_FACTOR = "second_factor"
    """Besides the password."""
    PASSKEY = "passkey"
    """Without a password; the device made sure of its user."""
    IDENTITY_PROVIDER = "identity_provider"
    """The company's, which asks for whatever it asks for."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where somebody signs in.

    Attributes:
        browser: its family and system, as people know them.
        network: of the address; never the address.
    """

    browser: str
    network: str


async def begin_session(on: Connection, user_id: UserId, where: Where, way: Way) -> str:
    """Sign a user in; the token that the browser keeps. Sessions that are over are forgotten on the way."""
    token = new_token()
    await SQL.forget_sessions.run(on, **_LIMITS)
    await SQL.add_session.run(
        on, user_id=user_id, token_hash=token_hash(token), browser=where.browser, network=where.network, way=way
    )
    return token


async def end_sessions(on: Connection, user_id: UserId, but: int | None = None) -> None:
    """Sign a user out everywhere; `but` is a session that goes on."""
    await SQL.end_sessions.run(on, user_id=user_id, but=but)


class Sessions:
    """Who is signed in, and where."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def viewer(self, token: str) -> Viewer | None:
        """Whose session this is; None: nobody's, or not any more. It is looked up by hash."""
        hashed = token_hash(token)
        found = await SQL.viewer.row(self._pool, Viewer, token_hash=hashed, precision=USE_PRECISION, **_LIMITS)
        if found is not None and found.use_unnoted:
            await SQL.note_use.run(self._pool, id=found.session_id, precision=USE_PRECISION)
        return found

    async def of(self, user_id: UserId) -> tuple[SessionReport, ...]:
        """Where a user is signed in, the last used first."""
        return tuple(await SQL.sessions.rows(self._pool, SessionReport, user_id=user_id, **_LIMITS))

    async def end(self, user_id: UserId, session_id: int) -> None:
        """Sign a user out in one browser; another user's session is left alone."""
        async with transaction(self._pool) as connection:
            if await SQL.end_session.value(connection, id=session_id, user_id=user_id) is not None:
                await write_audit(connection, actor_of(user_id), "sign out", {"user": user_id, "session": session_id})

    async def end_others(self, user_id: UserId, but: int | None = None) -> None:
        """Sign a user out everywhere, or everywhere but in one browser."""
        async with transaction(self._pool) as connection:
            await end_sessions(connection, user_id, but)
            await write_audit(connection, actor_of(user_id), "sign out everywhere", {"user": user_id})
