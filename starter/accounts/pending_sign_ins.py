"""Half signed in: the password was right, and the second factor is still to come.

It grants nothing. It is of one browser, by a random token of which the hash is kept, and lasts for some minutes.
"""

from dataclasses import dataclass
from datetime import timedelta

from activities.connections.sealing import Seal
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import UserId
from starter.accounts.attempts import count_attempt, of_code, take_back
from starter.accounts.second_factors import WrongCode, has_second_factor, take_code
from starter.accounts.sessions import Way, Where, begin_session
from starter.accounts.tokens import new_token, token_hash
from starter.accounts.user_rows import SQL as SQL_OF_USERS
from starter.accounts.viewer import actor_of

SQL = load_queries("starter.accounts", "pending_sign_ins.sql")

LASTS = timedelta(minutes=10)
"""Long enough to look for a phone."""


class SecondFactorNeeded(DomainError):
    """The password was right; now the second factor is asked for.

    Attributes:
        token: what the browser keeps meanwhile.
    """

    code = "second_factor_needed"
    kind = ErrorKind.NOT_AUTHENTIC

    def __init__(self, token: str) -> None:
        super().__init__("This account has a second factor: it is asked for now.")
        self.token = token


class SignInOver(DomainError):
    """It took too long, or was finished already."""

    code = "sign_in_over"
    kind = ErrorKind.NOT_AUTHENTIC

    def __init__(self) -> None:
        super().__init__("This took too long: begin again with your password.")


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """Whose second factor is still to come.

    Attributes:
        by_app, by_passkey: they have an authenticator app, a passkey.
    """

    user_id: UserId
    email: str
    by_app: bool
    by_passkey: bool


async def let_in(on: Connection, user_id: UserId, where: Where) -> str | SecondFactorNeeded:
    """What follows a right password: a session's token, or the error to raise once the transaction is over."""
    if await has_second_factor(on, user_id):
        token = new_token()
        await SQL.begin.run(on, token_hash=token_hash(token), user_id=user_id, lasts=LASTS)
        return SecondFactorNeeded(token)
    return await begin_noted(on, user_id, where, Way.PASSWORD)


async def begin_noted(on: Connection, user_id: UserId, where: Where, way: Way, **by: object) -> str:
    """Sign a user in, with what is on record of it; the session's token.

    Args:
        by: what else the audit has of it.
    """
    session = await begin_session(on, user_id, where, way)
    await SQL_OF_USERS.note_sign_in.run(on, user_id=user_id)
    details = {"user": user_id, "browser": where.browser, "network": where.network, "way": way, **by}
    await write_audit(on, actor_of(user_id), "sign in", details)
    return session


async def end_pending(on: Connection, token: str) -> None:
    """Its second factor was right: it is over.

    Raises:
        SignInOver: it was already, or they were disabled.
    """
    if await SQL.end_pending.value(on, token_hash=token_hash(token)) is None:
        raise SignInOver


class PendingSignIns:
    """Takes the second factor for a session."""

    def __init__(self, pool: Pool, seal: Seal) -> None:
        self._pool = pool
        self._seal = seal

    async def open(self, token: str) -> PendingSignIn:
        """Whose sign-in it is.

        Raises:
            SignInOver: as it says.
        """
        found = await SQL.pending.row(self._pool, PendingSignIn, token_hash=token_hash(token))
        if found is None:
            raise SignInOver
        return found

    async def finish(self, token: str, code: str, where: Where) -> str:
        """Begin a session by a code of their app, or a recovery code; the session's token.

        Raises:
            SignInOver, WrongCode, TooManySignIns, SecretsKeyMissing, SecretUnreadable: as they say.
        """
        pending = await self.open(token)
        counted = of_code(pending.user_id, where.network)
        await count_attempt(self._pool, counted)
        try:
            async with transaction(self._pool) as connection:
                kind = await take_code(connection, self._seal, pending.user_id, code)
                await end_pending(connection, token)
                await take_back(connection, counted)
                return await begin_noted(connection, pending.user_id, where, Way.SECOND_FACTOR, second_factor=kind)
        except WrongCode:
            details = {"user": pending.user_id, "browser": where.browser, "network": where.network}
            await write_audit(self._pool, actor_of(pending.user_id), "give wrong code", details)
            raise
