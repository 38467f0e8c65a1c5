"""Users: the first admin, invitations, roles in each store, and that an admin always stays."""

import asyncio

import asyncpg
import pytest

from activities.postgres.pool import Pool
from schemas.ids import StoreId, UserId
from schemas.responses.users import Grant, Language, Role
from starter.accounts.links import FirstAdmin, LinkOver
from starter.accounts.passwords import PasswordRefused
from starter.accounts.present_password import WrongPassword
from starter.accounts.user_rows import NoSuchUser, UserExists, UserRefused
from starter.accounts.users import LastAdmin
from starter.accounts.viewer import Viewer
from starter.services import Services
from tests.accounts.staff import ADMIN_EMAIL, HERE, PASSWORD, let_in, set_up

KETTLES, OWLS = StoreId("kettles.example"), StoreId("owls.example")
ANOTHER = "harbour owl kettle lantern"


async def seen(services: Services, session: str) -> Viewer:
    viewer = await services.sessions.viewer(session)
    assert viewer is not None
    return viewer


async def test_the_first_admin_comes_in_by_a_link_that_is_good_once(services: Services) -> None:
    admin = await set_up(services)
    viewer = await seen(services, admin.session)
    assert viewer.may(Role.ADMIN)
    assert viewer.stores(Role.ADMIN) is None
    assert await services.sign_in_links.for_the_first_admin() is None, "there is somebody now"


async def test_of_two_first_links_the_later_one_is_good(services: Services) -> None:
    first, second = [await services.sign_in_links.for_the_first_admin() for _ in range(2)]
    assert first
    assert second
    with pytest.raises(LinkOver):
        await services.sign_in_links.open(first)
    assert (await services.sign_in_links.open(second)).email is None


async def test_of_two_who_use_the_first_link_at_once_one_is_the_admin(services: Services) -> None:
    link = await services.sign_in_links.for_the_first_admin()
    assert link

    async def use(number: int) -> str:
        first = FirstAdmin(f"boss{number}@shop.example", "Boss", Language.ENGLISH, "UTC")
        return await services.sign_in_links.use(link, PASSWORD, HERE, first)

    done = await asyncio.gather(use(1), use(2), return_exceptions=True)
    assert {type(each) for each in done} == {str, LinkOver}
    assert len(await services.users.all()) == 1


async def test_a_link_stays_good_until_the_password_is(services: Services) -> None:
    await set_up(services)
    invited = await services.users.invite("ed@shop.example", "Ed", [Grant(role=Role.EDITOR)], "test")
    with pytest.raises(PasswordRefused):
        await services.sign_in_links.use(invited.token, "ed", HERE)
    session = await services.sign_in_links.use(invited.token, PASSWORD, HERE)
    assert (await seen(services, session)).email == "ed@shop.example"
    with pytest.raises(LinkOver):
        await services.sign_in_links.use(invited.token, ANOTHER, HERE)


async def test_links_end(services: Services, pool: Pool) -> None:
    link = await services.sign_in_links.for_the_first_admin()
    assert link
    await pool.execute("update sign_in_links set created_at = created_at - interval '2 days', expires_at = now()")
    with pytest.raises(LinkOver):
        await services.sign_in_links.open(link)


async def test_an_address_belongs_to_one_user_however_it_is_written(services: Services) -> None:
    await set_up(services)
    with pytest.raises(UserExists):
        await services.users.invite(ADMIN_EMAIL.upper(), "Other", [Grant(role=Role.VIEWER)], "test")
    assert (await services.users.by_email(ADMIN_EMAIL.upper())).name == "Boss"


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("email", {"email": "nobody"}),
        ("name", {"name": "  "}),
        ("name", {"name": "a\x00b"}),
        ("time_zone", {"time_zone": "Mars/Base"}),
        ("role", {"grants": []}),
        ("role", {"grants": [Grant(role=Role.VIEWER), Grant(role=Role.ADMIN)]}),
    ],
)
async def test_what_cannot_be_said_of_a_user_is_refused(
    services: Services, field: str, changed: dict[str, object]
) -> None:
    usual = {"email": "ed@shop.example", "name": "Ed", "grants": [Grant(role=Role.EDITOR)], "by": "test"}
    with pytest.raises(UserRefused) as refused:
        await services.users.invite(**usual | changed)  # pyright: ignore[reportArgumentType] one of them is wrong
    assert refused.value.fields[0].path == field
    assert await services.users.all() == ()


async def test_a_role_includes_those_before_it_and_holds_where_it_was_given(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR, KETTLES)
    viewer = await seen(services, ed.session)
    assert viewer.may(Role.VIEWER, KETTLES)
    assert viewer.may(Role.EDITOR, KETTLES)
    assert not viewer.may(Role.PUBLISHER, KETTLES)
    assert not viewer.may(Role.VIEWER, OWLS)
    assert not viewer.may(Role.VIEWER), "all stores are more than one"
    assert viewer.may_somewhere(Role.EDITOR)
    assert viewer.stores(Role.SUPPORT) == [KETTLES]
    assert viewer.stores(Role.ADMIN) == []


async def test_roles_that_change_hold_from_the_next_request_on(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR, KETTLES)
    grants = [Grant(role=Role.VIEWER), Grant(role=Role.PUBLISHER, store_id=OWLS)]
    await services.users.set_grants(ed.user_id, grants, "test")
    viewer = await seen(services, ed.session)
    assert viewer.grants == tuple(grants)
    assert viewer.may(Role.VIEWER, KETTLES)
    assert not viewer.may(Role.EDITOR, KETTLES)
    assert viewer.may(Role.PUBLISHER, OWLS)


async def test_who_is_disabled_is_out_at_once_and_their_link_is_no_way_in(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    link = await services.users.link(ed.user_id, "test")
    await services.users.disable(ed.user_id, "test")
    assert await services.sessions.viewer(ed.session) is None
    for way_in in (services.sign_in_links.open(link.token), services.sign_in_links.use(link.token, ANOTHER, HERE)):
        with pytest.raises(LinkOver):
            await way_in
    with pytest.raises(NoSuchUser):
        await services.users.link(ed.user_id, "test")
    await services.users.enable(ed.user_id, "test")
    assert await services.sessions.viewer(ed.session) is None, "they sign in anew"


async def test_who_is_erased_leaves_an_id_in_the_audit(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    await services.users.erase(ed.user_id, "test")
    assert await services.sessions.viewer(ed.session) is None
    with pytest.raises(NoSuchUser):
        await services.users.one(ed.user_id)
    page = await services.audit_log.page(actor=f"user {ed.user_id}")
    assert [(each.action, each.name) for each in page.entries] == [("sign in", None), ("use invitation link", None)]


async def test_the_last_admin_can_neither_be_demoted_nor_disabled_nor_erased(services: Services) -> None:
    admin = await set_up(services)
    await let_in(services, "local@shop.example", Role.ADMIN, KETTLES)
    invited = await services.users.invite("next@shop.example", "Next", [Grant(role=Role.ADMIN)], "test")
    lesser = [Grant(role=Role.ADMIN, store_id=KETTLES)]
    for attempt in (
        services.users.set_grants(admin.user_id, lesser, "test"),
        services.users.set_grants(admin.user_id, [Grant(role=Role.PUBLISHER)], "test"),
        services.users.disable(admin.user_id, "test"),
        services.users.erase(admin.user_id, "test"),
    ):
        with pytest.raises(LastAdmin):
            await attempt
    assert (await seen(services, admin.session)).may(Role.ADMIN), "nothing of it was done"
    await services.sign_in_links.use(invited.token, PASSWORD, HERE)
    await services.users.erase(admin.user_id, "test")


async def test_who_was_invited_and_never_came_is_no_last_admin(services: Services) -> None:
    invited = await services.users.invite("next@shop.example", "Next", [Grant(role=Role.ADMIN)], "test")
    await services.users.erase(invited.user_id, "test")
    assert await services.users.all() == ()


async def test_two_admins_who_disable_each_other_at_once_leave_one(services: Services) -> None:
    one = await set_up(services)
    for round_ in range(5):
        other = await let_in(services, f"admin{round_}@shop.example", Role.ADMIN)
        done = await asyncio.gather(
            services.users.disable(one.user_id, "test"),
            services.users.disable(other.user_id, "test"),
            return_exceptions=True,
        )
        assert {type(each) for each in done} == {type(None), LastAdmin}
        one = other if done[0] is None else one


async def test_the_database_itself_keeps_an_admin(services: Services, pool: Pool) -> None:
    await set_up(services)
    for statement in (
        "update users set disabled_at = now()",
        "update users set password_hash = null",
        "update grants set role = 'viewer'",
        "delete from grants",
        "delete from users",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await pool.execute(statement)


async def test_a_new_password_ends_the_other_sessions(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    elsewhere = await services.signing_in.sign_in(ed.email, PASSWORD, HERE)
    here = (await seen(services, ed.session)).session_id
    with pytest.raises(WrongPassword):
        await services.users.change_password(ed.user_id, ANOTHER, ANOTHER, here, HERE.network)
    with pytest.raises(PasswordRefused):
        await services.users.change_password(ed.user_id, PASSWORD, "ed", here, HERE.network)
    assert await services.sessions.viewer(elsewhere)
    await services.users.change_password(ed.user_id, PASSWORD, ANOTHER, here, HERE.network)
    assert await services.sessions.viewer(elsewhere) is None
    assert await services.sessions.viewer(ed.session)


async def test_what_users_say_of_themselves_is_kept(services: Services) -> None:
    admin = await set_up(services)
    await services.users.change_details(admin.user_id, "  The   Boss ", Language.GERMAN, "Europe/Berlin")
    viewer = await seen(services, admin.session)
    assert (viewer.name, viewer.language, viewer.time_zone) == ("The Boss", Language.GERMAN, "Europe/Berlin")


async def test_nobody_is_no_user(services: Services) -> None:
    nobody = UserId("u-" + "0" * 28)
    for attempt in (
        services.users.one(nobody),
        services.users.by_email("nobody@shop.example"),
        services.users.link(nobody, "test"),
        services.users.disable(nobody, "test"),
        services.users.enable(nobody, "test"),
        services.users.erase(nobody, "test"),
        services.users.set_grants(nobody, [Grant(role=Role.VIEWER)], "test"),
        services.users.change_password(nobody, PASSWORD, ANOTHER, 1, HERE.network),
    ):
        with pytest.raises(NoSuchUser):
            await attempt
