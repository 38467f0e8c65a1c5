"""Signing in by a password.

Who is not there, is disabled or has no password is answered as who mistypes theirs, and after the same work.
"""

from activities.postgres.pool import Pool, transaction
from schemas.errors import DomainError, ErrorKind
from starter.accounts.attempts import count_attempt, of_password, take_back
from starter.accounts.passwords import Passwords
from starter.accounts.pending_sign_ins import SecondFactorNeeded, let_in
from starter.accounts.sessions import Where
from starter.accounts.user_rows import SQL, WithPassword


class SignInRefused(DomainError):
    """Address or password is wrong, or the user is disabled; nobody is told which."""

    code = "sign_in_refused"
    kind = ErrorKind.NOT_AUTHENTIC

    def __init__(self) -> None:
        super().__init__("This address and this password do not belong together.")


class SigningIn:
    """Takes address and password for a session."""

    def __init__(self, pool: Pool, passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords

    async def sign_in(self, email: str, password: str, where: Where) -> str:
        """Begin a session; its token.

        Raises:
            SignInRefused, TooManySignIns, SecondFactorNeeded: as they say.
        """
        email = email.strip() if email.isprintable() else ""  # nobody's; and no text that PostgreSQL takes
        counted = of_password(email, where.network)
        await count_attempt(self._pool, counted)
        user = await SQL.to_sign_in.row(self._pool, WithPassword, email=email)
        kept = user.password_hash if user is not None and not user.disabled else None
        right = await self._passwords.verify(kept, password)
        if user is None or kept is None or not right:
            raise SignInRefused
        renewed = await self._passwords.hash(password) if self._passwords.is_outdated(kept) else None
        async with transaction(self._pool) as connection:
            if not await SQL.still_theirs.value(connection, user_id=user.id, password_hash=kept):
                raise SignInRefused
            await take_back(connection, counted)
            if renewed is not None:
                await SQL.set_password.run(connection, user_id=user.id, password_hash=renewed)
            begun = await let_in(connection, user.id, where)
        if isinstance(begun, SecondFactorNeeded):
            raise begun
        return begun
