"""The second factor: set up by its user, used, made anew, switched off by its user, and reset by an admin.

The secret of an authenticator app is kept as those of connected stores are, encrypted and bound to its user; recovery
codes by their hash. A code is taken once: PostgreSQL refuses it the second time, whichever process it comes to.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from activities.connections.sealing import Seal
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import UserId
from schemas.responses.users import SecondFactorReport
from starter.accounts.attempts import Counted, count_attempt, of_code, take_back
from starter.accounts.authenticator import address_of, is_code, new_secret, qr_code, step_of
from starter.accounts.passwords import Passwords
from starter.accounts.present_password import PresentPassword
from starter.accounts.recovery_codes import code_hash, new_codes
from starter.accounts.sessions import end_sessions
from starter.accounts.user_rows import SQL as SQL_OF_USERS
from starter.accounts.user_rows import NoSuchUser, WithPassword
from starter.accounts.viewer import actor_of

SQL = load_queries("starter.accounts", "second_factors.sql")

SETTING_UP = timedelta(minutes=30)
"""How long a secret is shown, and waits to be confirmed."""
_PURPOSE = "authenticator"


class WrongCode(DomainError):
    """The code is wrong, or was used already."""

    code = "wrong_code"
    kind = ErrorKind.INVALID

    def __init__(self) -> None:
        message = "This code is wrong, or was used already. Codes change every half minute: take the next."
        super().__init__(message, fields=(FieldError("code", message),))


class NothingToConfirm(DomainError):
    """The app was not set up, took too long, or is confirmed already."""

    code = "nothing_to_confirm"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__("Begin setting up anew: it took too long, or is done already.")


class CodeKind(StrEnum):
    """What somebody proved themselves by."""

    APP = "app"
    RECOVERY = "recovery code"


@dataclass(frozen=True, slots=True)
class AuthenticatorSetup:
    """What an app is to be given, and the picture that it reads it from, as SVG."""

    secret: str = field(repr=False)
    qr_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Authenticator:
    user_id: UserId
    sealed: bytes = field(repr=False)
    confirmed: bool
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Sealed:
    user_id: UserId
    sealed: bytes = field(repr=False)


async def has_second_factor(on: Connection, user_id: UserId) -> bool:
    """Whether their password alone lets nobody in."""
    return bool(await SQL.has_second_factor.value(on, user_id=user_id))


async def take_code(on: Connection, seal: Seal, user_id: UserId, code: str) -> CodeKind:
    """Use a code up, of an app or to recover.

    Raises:
        WrongCode, SecretsKeyMissing, SecretUnreadable: as they say.
    """
    plain = "".join(code.split())
    if is_code(plain):
        found = await SQL.authenticator.row(on, _Authenticator, user_id=user_id, fresh=SETTING_UP)
        if found is not None and found.confirmed:
            step = step_of(seal.open(user_id, _PURPOSE, found.sealed), plain, datetime.now(UTC))
            if step is not None and await SQL.take_step.value(on, user_id=user_id, step=step):
                return CodeKind.APP
    elif await SQL.take_recovery_code.value(on, user_id=user_id, code_hash=code_hash(user_id, plain)):
        return CodeKind.RECOVERY
    raise WrongCode


class SecondFactors:
    """What is asked of users besides their password."""

    def __init__(self, pool: Pool, passwords: Passwords, seal: Seal) -> None:
        self._pool = pool
        self._present = PresentPassword(pool, passwords)
        self._seal = seal

    async def of(self, user_id: UserId) -> SecondFactorReport:
        """What a user has set up.

        Raises:
            NoSuchUser: as it says.
        """
        found = await SQL.second_factor.row(self._pool, SecondFactorReport, user_id=user_id)
        if found is None:
            raise NoSuchUser
        return found

    async def begin_app(self, user_id: UserId, present: str, network: str) -> None:
        """Make a secret for an app; it counts once `confirm_app` had a code of it.

        Raises:
            WrongPassword, TooManySignIns, NoSuchUser, NothingToConfirm, SecretsKeyMissing: as they say.
        """
        await self._present.require(user_id, present, network)
        sealed = self._seal.seal(user_id, _PURPOSE, new_secret())
        if not await SQL.add_authenticator.value(self._pool, user_id=user_id, sealed=sealed):
            raise NothingToConfirm

    async def app_setup(self, user_id: UserId) -> AuthenticatorSetup:
        """What an app is to be given, until it is confirmed.

        Raises:
            NothingToConfirm, SecretsKeyMissing, SecretUnreadable: as they say.
        """
        async with transaction(self._pool) as connection:
            secret = await self._unconfirmed(connection, user_id)
            user = await SQL_OF_USERS.password_of.one(connection, WithPassword, user_id=user_id)
        return AuthenticatorSetup(secret, qr_code(address_of(secret, user.email)))

    async def confirm_app(self, user_id: UserId, code: str, session_id: int, network: str) -> tuple[str, ...]:
        """Ask the app at sign-in from now on; every session ends but this one. The recovery codes, shown this once.

        Raises:
            WrongCode, TooManySignIns, NothingToConfirm, SecretsKeyMissing, SecretUnreadable: as they say.
        """
        counted = of_code(user_id, network)
        await count_attempt(self._pool, counted)
        async with transaction(self._pool) as connection:
            secret = await self._unconfirmed(connection, user_id)
            plain = "".join(code.split())
            step = step_of(secret, plain, datetime.now(UTC)) if is_code(plain) else None
            if step is None:
                raise WrongCode
            await take_back(connection, counted)
            await SQL.confirm.run(connection, user_id=user_id, step=step)
            await end_sessions(connection, user_id, session_id)
            await write_audit(connection, actor_of(user_id), "set up authenticator app", {"user": user_id})
            return await renewed_codes(connection, user_id)

    async def renew_recovery_codes(self, user_id: UserId, present: str, code: str, network: str) -> tuple[str, ...]:
        """Other recovery codes, shown this once; those before are not good any more.

        Raises:
            WrongPassword, WrongCode, TooManySignIns, SecretsKeyMissing, SecretUnreadable: as they say.
        """
        counted = await self._proven(user_id, present, network)
        async with transaction(self._pool) as connection:
            await take_code(connection, self._seal, user_id, code)
            await take_back(connection, counted)
            await write_audit(connection, actor_of(user_id), "renew recovery codes", {"user": user_id})
            return await renewed_codes(connection, user_id)

    async def switch_off(self, user_id: UserId, present: str, code: str, network: str) -> None:
        """Ask for nothing besides the password any more.

        Raises:
            WrongPassword, WrongCode, TooManySignIns, SecretsKeyMissing, SecretUnreadable: as they say.
        """
        counted = await self._proven(user_id, present, network)
        async with transaction(self._pool) as connection:
            await take_code(connection, self._seal, user_id, code)
            await take_back(connection, counted)
            await _remove(connection, user_id)
            await write_audit(connection, actor_of(user_id), "switch off second factor", {"user": user_id})

    async def reset(self, user_id: UserId, by: str) -> None:
        """Let a user in by their password alone, who lost what they prove themselves by; signed out everywhere.

        Raises:
            NoSuchUser: as it says.
        """
        await self.of(user_id)
        async with transaction(self._pool) as connection:
            await _remove(connection, user_id)
            await end_sessions(connection, user_id)
            await write_audit(connection, by, "reset second factor", {"user": user_id})

    async def reseal(self, by: str) -> int:
        """Encrypt secrets of apps anew, with the first key; how many another one had encrypted.

        Raises:
            SecretsKeyMissing, SecretUnreadable: as they say; then nothing is changed.
        """
        async with transaction(self._pool) as connection:
            found = await SQL.sealed.rows(connection, _Sealed)
            old = [each for each in found if not self._seal.is_by_first_key(each.sealed)]
            for each in old:
                secret = self._seal.open(each.user_id, _PURPOSE, each.sealed)
                sealed = self._seal.seal(each.user_id, _PURPOSE, secret)
                await SQL.reseal.run(connection, user_id=each.user_id, sealed=sealed)
            if old:
                await write_audit(connection, by, "encrypt secrets of apps anew", {"secrets": len(old)})
        return len(old)

    async def _unconfirmed(self, on: Connection, user_id: UserId) -> str:
        found = await SQL.authenticator.row(on, _Authenticator, user_id=user_id, fresh=SETTING_UP)
        if found is None or found.confirmed or not found.fresh:
            raise NothingToConfirm
        return self._seal.open(user_id, _PURPOSE, found.sealed)

    async def _proven(self, user_id: UserId, present: str, network: str) -> list[Counted]:
        """The password is right; what a code that is tried now counts for."""
        await self._present.require(user_id, present, network)
        counted = of_code(user_id, network)
        await count_attempt(self._pool, counted)
        return counted


async def renewed_codes(on: Connection, user_id: UserId) -> tuple[str, ...]:
    """Recovery codes in the place of those before, shown this once."""
    codes = new_codes()
    await SQL.remove_recovery_codes.run(on, user_id=user_id)
    await SQL.add_recovery_codes.run(on, user_id=user_id, hashes=[code_hash(user_id, each) for each in codes])
    return codes


async def _remove(on: Connection, user_id: UserId) -> None:
    await SQL.remove_authenticator.run(on, user_id=user_id)
    await SQL.remove_passkeys.run(on, user_id=user_id)
    await SQL.remove_recovery_codes.run(on, user_id=user_id)
