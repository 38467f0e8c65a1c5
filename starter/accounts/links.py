"""Links that are good once: they let the first admin in, and whoever was invited, and who chooses another password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import UserId, new_user_id
from schemas.responses.users import Grant, Language, Role
from starter.accounts.passwords import Passwords, require_good
from starter.accounts.pending_sign_ins import SecondFactorNeeded, let_in
from starter.accounts.sessions import Where, end_sessions
from starter.accounts.tokens import new_token, token_hash
from starter.accounts.user_rows import SQL as SQL_OF_USERS
from starter.accounts.user_rows import add_user
from starter.accounts.viewer import actor_of

SQL = load_queries("starter.accounts", "links.sql")

PATH = "/link/"
"""Where such a link leads, before its token."""


class Purpose(StrEnum):
    """What a link is for."""

    FIRST_ADMIN = "first_admin"
    INVITATION = "invitation"
    RESET = "reset"

    @property
    def lasts(self) -> timedelta:
        """How long it is good."""
        return timedelta(days=7) if self is Purpose.INVITATION else timedelta(days=1)


class LinkOver(DomainError):
    """The link was used, has ended, was replaced by another, or was never made; nobody is told which."""

    code = "link_over"
    kind = ErrorKind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("This link is not good any more: it was used, has ended, or another was made after it.")


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link that is good.

    Attributes:
        user_id, email, name: of whom it is for; None: of the first admin, who says so themselves.
    """

    purpose: Purpose
    user_id: UserId | None
    email: str | None
    name: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """What the first admin says of themselves."""

    email: str
    name: str
    language: Language
    time_zone: str


async def make_link(on: Connection, purpose: Purpose, user_id: UserId | None) -> str:
    """A new link's token, shown this once; the one before it is not good any more."""
    token = new_token()
    await end_links(on, user_id)
    await SQL.add_link.run(on, token_hash=token_hash(token), purpose=purpose, user_id=user_id, lasts=purpose.lasts)
    return token


async def end_links(on: Connection, user_id: UserId | None) -> None:
    """Let no unused link of a user be good any more; None: that of the first admin."""
    await SQL.end_links.run(on, user_id=user_id)


class SignInLinks:
    """Makes the first admin's link, shows links and uses them."""

    def __init__(self, pool: Pool, passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords

    async def for_the_first_admin(self) -> str | None:
        """A link's token for whoever sets the console up; None: there is a user already."""
        async with transaction(self._pool) as connection:
            await SQL_OF_USERS.one_at_a_time.run(connection)
            if await SQL_OF_USERS.any_user.value(connection):
                return None
            return await make_link(connection, Purpose.FIRST_ADMIN, None)

    async def open(self, token: str) -> OpenedLink:
        """Look at a link; it stays good.

        Raises:
            LinkOver: as it says.
        """
        found = await SQL.link.row(self._pool, OpenedLink, token_hash=token_hash(token))
        if found is None:
            raise LinkOver
        return found

    async def use(self, token: str, password: str, where: Where, first: FirstAdmin | None = None) -> str:
        """Choose a password by a link, and be signed in; the new session's token. Other sessions of theirs end.

        Args:
            first: who the first admin is; for their link only.

        Raises:
            LinkOver, PasswordRefused, UserExists, UserRefused: as they say; the link stays good.
            SecondFactorNeeded: the password is chosen, and their second factor is asked for.
        """
        opened = await self.open(token)
        about = (first.email, first.name) if first else (opened.email or "", opened.name or "")
        require_good(password, about)
        hashed = await self._passwords.hash(password)
        async with transaction(self._pool) as connection:
            await SQL_OF_USERS.one_at_a_time.run(connection)
            if await SQL.use_link.value(connection, token_hash=token_hash(token)) is None:
                raise LinkOver
            user_id = opened.user_id or await self._first(connection, first)
            await SQL_OF_USERS.set_password.run(connection, user_id=user_id, password_hash=hashed)
            await end_sessions(connection, user_id)
            await write_audit(connection, actor_of(user_id), f"use {opened.purpose} link", {"user": user_id})
            begun = await let_in(connection, user_id, where)
        if isinstance(begun, SecondFactorNeeded):
            raise begun
        return begun

    @staticmethod
    async def _first(connection: Connection, first: FirstAdmin | None) -> UserId:
        if first is None or await SQL_OF_USERS.any_user.value(connection):
            raise LinkOver
        user_id = new_user_id()
        grants = [Grant(role=Role.ADMIN)]
        await add_user(connection, user_id, first.email, first.name, grants, first.language, first.time_zone)
        return user_id
