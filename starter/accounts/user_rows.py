"""Users as rows: how one is added and read, for the services that do so."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

import asyncpg
from pydantic_core import PydanticCustomError

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.addresses import email_address
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.ids import UserId
from schemas.responses.users import Grant, Language

SQL = load_queries("starter.accounts", "users.sql")

LONGEST_NAME = 100


class UserRefused(DomainError):
    """What is said of a user is not usable: no address, no name, no such time zone, no role."""

    code = "user_refused"
    kind = ErrorKind.INVALID

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, fields=(FieldError(field, message),))
        self.field = field


class NoSuchUser(DomainError):
    """There is no such user, or not any more."""

    code = "no_such_user"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk user list` shows them."

    def __init__(self) -> None:
        super().__init__("There is no such user.")


@dataclass(frozen=True, slots=True)
class WithPassword:
    """What a password is compared with.

    Attributes:
        password_hash: None: they have not chosen one.
    """

    id: UserId
    email: str
    name: str
    password_hash: str | None = field(repr=False)
    disabled: bool


class UserExists(DomainError):
    """There is a user of this address, however it is written."""

    code = "user_exists"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        message = "There is a user of this address already."
        super().__init__(message, fields=(FieldError("email", message),))


async def add_user(
    on: Connection,
    user_id: UserId,
    email: str,
    name: str,
    grants: Collection[Grant],
    language: Language,
    time_zone: str,
) -> None:
    """Add a user, who has no password so far.

    Raises:
        UserExists, UserRefused: as they say.
    """
    details = {"name": proper_name(name), "language": language, "time_zone": known_zone(time_zone)}
    try:
        await SQL.add_user.run(on, id=user_id, email=proper_email(email), **details)
    except asyncpg.UniqueViolationError:
        raise UserExists from None
    for grant in grants:
        await SQL.add_grant.run(on, user_id=user_id, role=grant.role, store_id=grant.store_id)


def proper_email(text: str) -> str:
    """The address, as it is kept.

    Raises:
        UserRefused: it is none.
    """
    try:
        return email_address(text)
    except PydanticCustomError:
        raise UserRefused("email", "Write an e-mail address, as in name@shop.example.") from None


def proper_name(text: str) -> str:
    """The name, as it is kept.

    Raises:
        UserRefused: it is empty, too long, or not to be seen.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise UserRefused("name", f"A name has 1 to {LONGEST_NAME} characters.")
    return name


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones to choose from, as they are named after places."""
    places = (
        each for each in available_timezones() if "/" in each and not each.startswith(("Etc/", "SystemV/", "US/"))
    )
    return ("UTC", *sorted(places))


def known_zone(text: str) -> str:
    """The time zone.

    Raises:
        UserRefused: there is none of this name.
    """
    if text not in available_timezones():
        raise UserRefused("time_zone", "Choose a time zone of the list, as Europe/Berlin.")
    return text
