"""`shelftalk user`: who is let in, what they may, and the links that are printed. The link of `up`: tests/cli."""

from schemas.responses.users import Role, UserReport
from starter.accounts.links import PATH, Purpose
from starter.commands.users import NewLink, UserList
from starter.services import Services
from tests.accounts.codes import with_app
from tests.accounts.staff import HERE, PASSWORD, let_in, set_up
from tests.cli.command import Shelftalk

ED = "ed@shop.example"
ADD = ("user", "add", ED, "--name", "Ed", "--role", "editor", "--store", "kettles.example", "--json")


def token(new: NewLink) -> str:
    return new.link.partition(PATH)[2]


async def test_who_is_added_chooses_a_password_by_the_link(shelftalk: Shelftalk, services: Services) -> None:
    new = (await shelftalk.run(*ADD)).answer(NewLink)
    assert new.purpose is Purpose.INVITATION
    assert new.link.startswith("http://127.0.0.1:")
    assert await services.sign_in_links.use(token(new), PASSWORD, HERE)
    assert (await shelftalk.run(*ADD)).failure.code == "user_exists"
    again = (await shelftalk.run("user", "reset", ED.upper(), "--json")).answer(NewLink)
    assert again.purpose is Purpose.RESET
    assert (await services.sign_in_links.open(token(again))).email == ED


async def test_links_lead_to_the_public_address_where_there_is_one(shelftalk: Shelftalk) -> None:
    public = shelftalk.with_settings(SHELFTALK_PUBLIC_URL="https://alerts.shop.example")
    new = (await public.run("user", "link", "--json")).answer(NewLink)
    assert new.link.startswith(f"https://alerts.shop.example{PATH}")


async def test_only_the_link_is_on_standard_output(shelftalk: Shelftalk) -> None:
    said = await shelftalk.run("user", "link")
    assert said.out.strip().startswith("http://")
    assert len(said.out.split()) == 1
    assert "good once" in said.err.lower()


async def test_roles_are_given_store_by_store_and_taken_away(shelftalk: Shelftalk) -> None:
    await shelftalk.run(*ADD)

    async def role(*words: str) -> list[tuple[Role, str | None]]:
        user = (await shelftalk.run("user", "role", ED, *words, "--json")).answer(UserReport)
        return [(each.role, each.store_id) for each in user.grants]

    kept = (Role.PUBLISHER, "kettles.example")
    assert await role("publisher", "--store", "kettles.example") == [kept]
    assert await role("viewer") == [(Role.VIEWER, None), kept]
    assert await role() == [kept]
    failed = await shelftalk.run("user", "role", ED, "--store", "kettles.example", "--json")
    assert failed.failure.code == "user_refused"


async def test_users_are_listed_disabled_enabled_and_erased(shelftalk: Shelftalk, services: Services) -> None:
    await set_up(services)
    await shelftalk.run(*ADD)
    for word, disabled in (("disable", True), ("enable", False)):
        user = (await shelftalk.run("user", word, ED, "--json")).answer(UserReport)
        assert (user.disabled_at is not None) is disabled
    shown = await shelftalk.run("user", "list")
    assert "editor of kettles.example" in shown.out
    assert "admin of all stores" in shown.out
    assert (await shelftalk.run("user", "erase", ED, "--json")).failure.code == "not_confirmed"
    await shelftalk.run("user", "erase", ED, "--yes")
    listed = (await shelftalk.run("user", "list", "--json")).answer(UserList)
    assert [each.name for each in listed.users] == ["Boss"]
    assert (await shelftalk.run("user", "disable", ED, "--json")).failure.code == "no_such_user"
    failed = await shelftalk.run("user", "disable", listed.users[0].email, "--json")
    assert failed.failure.code == "last_admin"
    assert (await shelftalk.run("user", "link", "--json")).failure.code == "user_exists"


async def test_a_second_factor_is_reset_by_a_command_with_a_yes(shelftalk: Shelftalk, services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, ED, Role.EDITOR)
    await with_app(services, ed)
    assert "yes" in (await shelftalk.run("user", "list")).out
    refused = await shelftalk.run("user", "reset-second-factor", ED, "--json")
    assert refused.failure.code == "not_confirmed"
    assert (await services.second_factors.of(ed.user_id)).on
    await shelftalk.run("user", "reset-second-factor", ED, "--yes")
    assert not (await services.second_factors.of(ed.user_id)).on
