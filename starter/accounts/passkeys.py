"""Passkeys: a key pair that a browser, phone or security key keeps for this console alone.

With one a user signs in without a password, where the device made sure of its user by a finger, a face or its PIN; or
shows it as the second factor, after the password.
"""

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import UserId
from schemas.responses.users import PasskeyReport
from starter.accounts.attempts import count_attempt, of_code, of_network, take_back
from starter.accounts.ceremonies import (
    SQL,
    options_to_register,
    options_to_show,
    shown_by,
    use_challenge_of,
    verified_new,
)
from starter.accounts.passwords import Passwords
from starter.accounts.pending_sign_ins import PendingSignIns, begin_noted, end_pending
from starter.accounts.present_password import PresentPassword
from starter.accounts.relying_party import RelyingParty
from starter.accounts.second_factors import has_second_factor, renewed_codes
from starter.accounts.sessions import Way, Where, end_sessions
from starter.accounts.user_rows import SQL as SQL_OF_USERS
from starter.accounts.user_rows import NoSuchUser, WithPassword
from starter.accounts.viewer import actor_of

LONGEST_NAME = 60


class PasskeyUseless(DomainError):
    """It has no name, or is here already."""

    code = "passkey_useless"
    kind = ErrorKind.INVALID

    def __init__(self) -> None:
        message = f"A passkey needs a name of at most {LONGEST_NAME} characters, and is added once."
        super().__init__(message, fields=(FieldError("name", message),))


class LastSecondFactor(DomainError):
    """Without this passkey nothing would be asked besides the password."""

    code = "last_second_factor"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This is all that is asked besides your password: switch the second factor off instead.")


class Passkeys:
    """Makes passkeys known, and takes one for a session."""

    def __init__(self, pool: Pool, passwords: Passwords, pending: PendingSignIns) -> None:
        self._pool = pool
        self._present = PresentPassword(pool, passwords)
        self._pending = pending

    async def of(self, user_id: UserId) -> tuple[PasskeyReport, ...]:
        """A user's, the first made first."""
        return tuple(await SQL.passkeys.rows(self._pool, PasskeyReport, user_id=user_id))

    async def options_to_register(self, user_id: UserId, party: RelyingParty) -> str:
        """What a browser is told to make one, as JSON.

        Raises:
            NoSuchUser: as it says.
        """
        user = await SQL_OF_USERS.password_of.row(self._pool, WithPassword, user_id=user_id)
        if user is None:
            raise NoSuchUser
        return await options_to_register(self._pool, party, user)

    async def add(
        self, user_id: UserId, party: RelyingParty, answer: str, name: str, present: str, where: Where, session_id: int
    ) -> tuple[str, ...]:
        """Keep what a browser made. The first thing besides a password brings recovery codes, shown this once.

        Args:
            answer: of the browser, as JSON.
            name: by which its user knows it.

        Raises:
            WrongPassword, TooManySignIns, PasskeyRefused, PasskeyUseless, NoSuchUser: as they say.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise PasskeyUseless
        await self._present.require(user_id, present, where.network)
        made = await verified_new(self._pool, party, user_id, answer)
        async with transaction(self._pool) as connection:
            first = not await has_second_factor(connection, user_id)
            added = await SQL.add_passkey.value(
                connection,
                user_id=user_id,
                name=name,
                credential_id=made.credential_id,
                public_key=made.public_key,
                sign_count=made.sign_count,
            )
            if not added:
                raise PasskeyUseless
            await write_audit(connection, actor_of(user_id), "add passkey", {"user": user_id})
            if not first:
                return ()
            await end_sessions(connection, user_id, session_id)
            return await renewed_codes(connection, user_id)

    async def remove(self, user_id: UserId, passkey_id: int, present: str, network: str) -> None:
        """Let one sign nobody in any more.

        Raises:
            WrongPassword, TooManySignIns, NoSuchUser, LastSecondFactor: as they say.
        """
        await self._present.require(user_id, present, network)
        async with transaction(self._pool) as connection:
            # Two who remove one of two each at once: the second sees what the first did.
            await SQL_OF_USERS.hold.run(connection, user_id=user_id)
            if await SQL.remove_passkey.value(connection, id=passkey_id, user_id=user_id) is None:
                return
            if not await has_second_factor(connection, user_id):
                raise LastSecondFactor
            await write_audit(connection, actor_of(user_id), "remove passkey", {"user": user_id, "passkey": passkey_id})

    async def options_to_sign_in(self, party: RelyingParty, network: str) -> str:
        """What a browser is told to sign somebody in without a password, as JSON.

        Raises:
            TooManySignIns: as it says.
        """
        await count_attempt(self._pool, [of_network(network)])
        return await options_to_show(self._pool, party, None)

    async def sign_in(self, party: RelyingParty, answer: str, where: Where) -> str:
        """Begin a session without a password; its token.

        Raises:
            PasskeyRefused, TooManySignIns: as they say.
        """
        counted = [of_network(where.network)]
        await count_attempt(self._pool, counted)
        challenge = await use_challenge_of(self._pool, answer, None)
        async with transaction(self._pool) as connection:
            user_id = await shown_by(connection, party, challenge, answer, None)
            await take_back(connection, counted)
            return await begin_noted(connection, user_id, where, Way.PASSKEY)

    async def options_to_finish(self, token: str, party: RelyingParty) -> str:
        """What a browser is told to show one after the password, as JSON.

        Raises:
            SignInOver: as it says.
        """
        return await options_to_show(self._pool, party, (await self._pending.open(token)).user_id)

    async def finish(self, token: str, party: RelyingParty, answer: str, where: Where) -> str:
        """Begin a session by one after the password; its token.

        Raises:
            SignInOver, PasskeyRefused, TooManySignIns: as they say.
        """
        pending = await self._pending.open(token)
        counted = of_code(pending.user_id, where.network)
        await count_attempt(self._pool, counted)
        challenge = await use_challenge_of(self._pool, answer, pending.user_id)
        async with transaction(self._pool) as connection:
            await shown_by(connection, party, challenge, answer, pending.user_id)
            await end_pending(connection, token)
            await take_back(connection, counted)
            return await begin_noted(connection, pending.user_id, where, Way.SECOND_FACTOR, second_factor="passkey")
