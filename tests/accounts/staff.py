"""Users for tests: an admin who set the console up, and whoever they let in."""

from collections.abc import Collection
from dataclasses import dataclass

from schemas.ids import StoreId, UserId
from schemas.responses.users import Grant, Language, Role
from starter.accounts.links import FirstAdmin
from starter.accounts.sessions import Where
from starter.services import Services

PASSWORD = "lantern kettle owl harbour"
HERE = Where("Firefox on Linux", "192.0.2.0/24")
ADMIN_EMAIL = "boss@shop.example"


@dataclass(frozen=True)
class Staff:
    """Somebody who is signed in."""

    user_id: UserId
    email: str
    session: str


async def set_up(services: Services) -> Staff:
    """The first admin, by their link."""
    link = await services.sign_in_links.for_the_first_admin()
    assert link is not None
    first = FirstAdmin(ADMIN_EMAIL, "Boss", Language.ENGLISH, "UTC")
    session = await services.sign_in_links.use(link, PASSWORD, HERE, first)
    return await staff(services, ADMIN_EMAIL, session)


async def let_in(
    services: Services, email: str, role: Role, store: str | None = None, language: Language = Language.ENGLISH
) -> Staff:
    """A user who has chosen a password, of this role in one store or in all."""
    return await join(services, email, [Grant(role=role, store_id=StoreId(store) if store else None)], language)


async def join(
    services: Services, email: str, grants: Collection[Grant], language: Language = Language.ENGLISH, zone: str = "UTC"
) -> Staff:
    """A user of these roles, named by their address, who has chosen a password."""
    name = email.partition("@")[0]
    invited = await services.users.invite(email, name, grants, "test", language, zone)
    return Staff(invited.user_id, email, await services.sign_in_links.use(invited.token, PASSWORD, HERE))


async def staff(services: Services, email: str, session: str) -> Staff:
    return Staff((await services.users.by_email(email)).id, email, session)
