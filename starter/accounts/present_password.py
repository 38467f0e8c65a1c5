"""The present password, asked of who is signed in before they change how they sign in."""

from activities.postgres.pool import Pool
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import UserId
from starter.accounts.attempts import count_attempt, of_password, take_back
from starter.accounts.passwords import Passwords
from starter.accounts.user_rows import SQL, NoSuchUser, WithPassword


class WrongPassword(DomainError):
    """The present password is another."""

    code = "wrong_password"
    kind = ErrorKind.INVALID

    def __init__(self) -> None:
        message = "This is not your present password."
        super().__init__(message, fields=(FieldError("present", message),))


class PresentPassword:
    """Compares it. Attempts count with those to sign in: who sits at a browser that was left open guesses no more."""

    def __init__(self, pool: Pool, passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords

    async def require(self, user_id: UserId, given: str, network: str) -> WithPassword:
        """Whose it is.

        Args:
            network: from which it is tried.

        Raises:
            WrongPassword, TooManySignIns, NoSuchUser: as they say.
        """
        found = await SQL.password_of.row(self._pool, WithPassword, user_id=user_id)
        if found is None:
            raise NoSuchUser
        counted = of_password(found.email, network)
        await count_attempt(self._pool, counted)
        if not await self._passwords.verify(found.password_hash, given):
            raise WrongPassword
        await take_back(self._pool, counted)
        return found
