"""Users of the console: who there is, what they may, and what they say of themselves. Every change is in the audit."""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from schemas.errors import DomainError, ErrorKind
from schemas.ids import UserId, new_user_id
from schemas.responses.users import Grant, Language, UserReport
from starter.accounts.links import Purpose, end_links, make_link
from starter.accounts.passwords import Passwords, require_good
from starter.accounts.present_password import PresentPassword, WrongPassword
from starter.accounts.sessions import end_sessions
from starter.accounts.user_rows import SQL, NoSuchUser, UserRefused, WithPassword, add_user, known_zone, proper_name
from starter.accounts.viewer import actor_of

AN_ADMIN_STAYS = "an_admin_stays"
"""The constraint's name."""


class LastAdmin(DomainError):
    """Without this user nobody could let anybody in."""

    code = "last_admin"
    kind = ErrorKind.CONFLICT
    advice = "Make another user an admin of all stores first, and let them choose a password."

    def __init__(self) -> None:
        super().__init__("This is the last admin of all stores who can sign in: somebody else has to be one first.")


@dataclass(frozen=True, slots=True)
class Invited:
    """A user, and the token of the link by which they come in, shown this once."""

    user_id: UserId
    purpose: Purpose
    token: str = field(repr=False)


class Users:
    """Who signs in to the console."""

    def __init__(self, pool: Pool, passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords
        self._present = PresentPassword(pool, passwords)

    async def all(self) -> tuple[UserReport, ...]:
        """Every user by name, those who are disabled last."""
        return tuple(await SQL.users.rows(self._pool, UserReport, id=None, email=None))

    async def any(self) -> bool:
        """Whether there is one."""
        return bool(await SQL.any_user.value(self._pool))

    async def one(self, user_id: str) -> UserReport:
        """One user.

        Raises:
            NoSuchUser: as it says.
        """
        return _there(await SQL.users.row(self._pool, UserReport, id=user_id, email=None))

    async def by_email(self, email: str) -> UserReport:
        """The user of this address, however it is written.

        Raises:
            NoSuchUser: as it says.
        """
        return _there(await SQL.users.row(self._pool, UserReport, id=None, email=email.strip()))

    async def invite(
        self,
        email: str,
        name: str,
        grants: Collection[Grant],
        by: str,
        language: Language = Language.ENGLISH,
        time_zone: str = "UTC",
    ) -> Invited:
        """Add a user, who chooses a password by the link.

        Raises:
            UserExists, UserRefused: as they say.
        """
        user_id = new_user_id()
        async with transaction(self._pool) as connection:
            await add_user(connection, user_id, email, name, _once(grants), language, time_zone)
            token = await make_link(connection, Purpose.INVITATION, user_id)
            await write_audit(connection, by, "invite user", {"user": user_id, "grants": told(grants)})
        return Invited(user_id, Purpose.INVITATION, token)

    async def link(self, user_id: UserId, by: str) -> Invited:
        """A new link for a user to choose a password by; the one before is not good any more.

        Raises:
            NoSuchUser: as it says, or they are disabled.
        """
        async with transaction(self._pool) as connection:
            found = await SQL.password_of.row(connection, WithPassword, user_id=user_id)
            if found is None or found.disabled:
                raise NoSuchUser
            purpose = Purpose.INVITATION if found.password_hash is None else Purpose.RESET
            token = await make_link(connection, purpose, user_id)
            await write_audit(connection, by, f"make {purpose} link", {"user": user_id})
        return Invited(user_id, purpose, token)

    async def set_grants(self, user_id: UserId, grants: Collection[Grant], by: str) -> None:
        """Give a user these roles and no others; it holds from their next request on.

        Raises:
            NoSuchUser, LastAdmin, UserRefused: as they say.
        """
        wanted = _once(grants)
        async with self._keeping_an_admin() as connection:
            before = _there(await SQL.users.row(connection, UserReport, id=user_id, email=None)).grants
            for grant in wanted:
                await SQL.add_grant.run(connection, user_id=user_id, role=grant.role, store_id=grant.store_id)
            await SQL.remove_grants.run(connection, user_id=user_id, kept=[each.store_id or "" for each in wanted])
            details = {"user": user_id, "before": told(before), "after": told(wanted)}
            await write_audit(connection, by, "change roles", details)

    async def disable(self, user_id: UserId, by: str) -> None:
        """Let a user in no more, and sign them out everywhere at once.

        Raises:
            NoSuchUser, LastAdmin: as they say.
        """
        async with self._keeping_an_admin() as connection:
            if await SQL.disable.value(connection, user_id=user_id) is None:
                raise NoSuchUser
            await end_links(connection, user_id)
            await end_sessions(connection, user_id)
            await write_audit(connection, by, "disable user", {"user": user_id})

    async def enable(self, user_id: UserId, by: str) -> None:
        """Let a user in again.

        Raises:
            NoSuchUser: as it says, or they are not disabled.
        """
        async with transaction(self._pool) as connection:
            if await SQL.enable.value(connection, user_id=user_id) is None:
                raise NoSuchUser
            await write_audit(connection, by, "enable user", {"user": user_id})

    async def erase(self, user_id: UserId, by: str) -> None:
        """Forget a user: what they did stays in the audit, under an id that is nobody's any more.

        Raises:
            NoSuchUser, LastAdmin: as they say.
        """
        async with self._keeping_an_admin() as connection:
            await SQL.remove_grants.run(connection, user_id=user_id, kept=[])
            if await SQL.remove_user.value(connection, user_id=user_id) is None:
                raise NoSuchUser
            await write_audit(connection, by, "erase user", {"user": user_id})

    async def change_details(self, user_id: UserId, name: str, language: Language, time_zone: str) -> None:
        """What a user says of themselves.

        Raises:
            UserRefused: as it says.
        """
        details = {"name": proper_name(name), "language": language, "time_zone": known_zone(time_zone)}
        async with transaction(self._pool) as connection:
            await SQL.change_details.run(connection, user_id=user_id, **details)
            changed = {"user": user_id, "language": language, "time_zone": time_zone}
            await write_audit(connection, actor_of(user_id), "change details", changed)

    async def change_password(self, user_id: UserId, present: str, new: str, session_id: int, network: str) -> None:
        """Choose another password; every session ends but this one, and no link for a password is good any more.

        Args:
            network: from which the present one is tried.

        Raises:
            WrongPassword, TooManySignIns, PasswordRefused, NoSuchUser: as they say.
        """
        found = await self._present.require(user_id, present, network)
        require_good(new, (found.email, found.name))
        hashed = await self._passwords.hash(new)
        async with transaction(self._pool) as connection:
            if not await SQL.still_theirs.value(connection, user_id=user_id, password_hash=found.password_hash):
                raise WrongPassword
            await SQL.set_password.run(connection, user_id=user_id, password_hash=hashed)
            await end_links(connection, user_id)
            await end_sessions(connection, user_id, session_id)
            await write_audit(connection, actor_of(user_id), "change password", {"user": user_id})

    @asynccontextmanager
    async def _keeping_an_admin(self) -> AsyncGenerator[Connection]:
        try:
            async with transaction(self._pool) as connection:
                yield connection
        except asyncpg.CheckViolationError as error:
            if error.constraint_name == AN_ADMIN_STAYS:
                raise LastAdmin from None
            raise


def _there(found: UserReport | None) -> UserReport:
    if found is None:
        raise NoSuchUser
    return found


def _once(grants: Collection[Grant]) -> list[Grant]:
    """The grants, none twice for one store.

    Raises:
        UserRefused: there is none, or two for one store.
    """
    if not grants:
        raise UserRefused("role", "A user has a role in a store, or in all.")
    stores = [each.store_id for each in grants]
    if len(set(stores)) < len(stores) or "" in stores:
        raise UserRefused("role", "A user has one role in each store.")
    return list(grants)


def told(grants: Collection[Grant]) -> list[str]:
    """As the audit has them: `editor of shop.example`, `viewer of all`."""
    return [f"{each.role} of {each.store_id or 'all'}" for each in grants]
