"""What a reviewer of the accounts found: guessing while signed in, links that outlive a password, and races."""

import unicodedata

import pytest

from activities.postgres.pool import Pool
from schemas.ids import UserId
from schemas.responses.users import Role
from starter.accounts.attempts import OF_ACCOUNT_FROM_NETWORK, TooManySignIns
from starter.accounts.links import LinkOver
from starter.accounts.passwords import LONGEST, Passwords
from starter.accounts.present_password import WrongPassword
from starter.accounts.signing_in import SigningIn, SignInRefused
from starter.services import Services
from tests.accounts.staff import ADMIN_EMAIL, HERE, PASSWORD, let_in, set_up

ANOTHER = "harbour owl kettle lantern"


async def test_nobody_guesses_the_present_password_in_a_browser_that_was_left_open(services: Services) -> None:
    admin = await set_up(services)
    for _ in range(OF_ACCOUNT_FROM_NETWORK):
        with pytest.raises(WrongPassword):
            await services.users.change_password(admin.user_id, ANOTHER, ANOTHER, 1, HERE.network)
    with pytest.raises(TooManySignIns):
        await services.users.change_password(admin.user_id, PASSWORD, ANOTHER, 1, HERE.network)
    with pytest.raises(TooManySignIns):
        await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)


async def test_a_link_to_choose_a_password_is_over_once_it_was_changed(services: Services) -> None:
    admin = await set_up(services)
    link = await services.users.link(admin.user_id, "test")
    await services.users.change_password(admin.user_id, PASSWORD, ANOTHER, 1, HERE.network)
    with pytest.raises(LinkOver):
        await services.sign_in_links.open(link.token)


async def test_a_link_does_not_come_back_with_who_was_disabled(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    link = await services.users.link(ed.user_id, "test")
    await services.users.disable(ed.user_id, "test")
    await services.users.enable(ed.user_id, "test")
    with pytest.raises(LinkOver):
        await services.sign_in_links.open(link.token)


async def test_a_password_signs_in_as_it_was_chosen_however_long_its_letters_are_written(services: Services) -> None:
    admin = await set_up(services)
    chosen = unicodedata.normalize("NFD", ("für Öl " * 18)[: LONGEST - 2])
    assert len(chosen) > LONGEST, "an umlaut is two characters on some keyboards, and one when it is kept"
    await services.users.change_password(admin.user_id, PASSWORD, chosen, 1, HERE.network)
    assert await services.signing_in.sign_in(ADMIN_EMAIL, chosen, HERE)
    with pytest.raises(SignInRefused):
        await services.signing_in.sign_in(ADMIN_EMAIL, chosen + "x" * LONGEST, HERE)


class Meanwhile(Passwords):
    """Passwords of a process in which something happens while one is compared."""

    def __init__(self, services: Services, user_id: UserId, *, disables: bool) -> None:
        super().__init__()
        self._users, self._user_id, self._disables = services.users, user_id, disables

    async def verify(self, kept: str | None, password: str) -> bool:
        right = await super().verify(kept, password)
        if self._disables:
            await self._users.disable(self._user_id, "test")
        else:
            await self._users.change_password(self._user_id, PASSWORD, ANOTHER, 1, HERE.network)
        return right


@pytest.mark.parametrize("disables", [False, True])
async def test_who_signs_in_while_their_password_is_changed_or_they_are_disabled_stays_out(
    services: Services, pool: Pool, disables: bool
) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    slow = SigningIn(pool, Meanwhile(services, ed.user_id, disables=disables))
    with pytest.raises(SignInRefused):
        await slow.sign_in(ed.email, PASSWORD, HERE)
    assert [each.id for each in await services.sessions.of(ed.user_id)] == [], "not even one that waits to be let in"
