"""Signing in: what is answered, how often somebody may try, how long a session lasts, and what the audit has of it."""

import asyncio
from datetime import timedelta

import pytest

from activities.postgres.pool import Pool
from schemas.ids import ContactId
from schemas.responses.users import Grant, Role
from starter.accounts.attempts import OF_ACCOUNT, OF_ACCOUNT_FROM_NETWORK, OF_NETWORK, WINDOW, TooManySignIns
from starter.accounts.sessions import IDLE, LASTS, USE_PRECISION, Where
from starter.accounts.signing_in import SigningIn, SignInRefused
from starter.accounts.tokens import form_token, is_form_token
from starter.services import Services
from tests.accounts.staff import ADMIN_EMAIL, HERE, PASSWORD, let_in, set_up

WRONG = "harbour owl kettle lantern"


def elsewhere(number: int = 1) -> Where:
    return Where("Firefox on Linux", f"203.0.{number}.0/24")


async def refused(services: Services, email: str, times: int, where: Where = HERE) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            await services.signing_in.sign_in(email, WRONG, where)


async def attempts(pool: Pool, number: int) -> None:
    """As if it had been tried so often, by whatever it is counted."""
    await pool.execute("update sign_in_attempts set attempts = $1", number)


async def age(pool: Pool, by: timedelta, column: str = "last_used_at") -> None:
    await pool.execute(f"update sessions set {column} = {column} - $1::interval", by)


async def test_the_right_password_begins_a_session_however_the_address_is_written(services: Services) -> None:
    admin = await set_up(services)
    session = await services.signing_in.sign_in(f" {ADMIN_EMAIL.upper()} ", PASSWORD, HERE)
    assert session != admin.session
    viewer = await services.sessions.viewer(session)
    assert viewer is not None
    assert viewer.user_id == admin.user_id


async def test_unknown_uninvited_and_disabled_are_answered_as_a_wrong_password(services: Services) -> None:
    await set_up(services)
    gone = await let_in(services, "gone@shop.example", Role.VIEWER)
    await services.users.disable(gone.user_id, "test")
    await services.users.invite("new@shop.example", "New", [Grant(role=Role.VIEWER)], "test")
    said: set[str] = set()
    for email in (ADMIN_EMAIL, "nobody@shop.example", "new@shop.example", gone.email, "no address", "\0", "\ud800"):
        with pytest.raises(SignInRefused) as error:
            await services.signing_in.sign_in(email, WRONG if email == ADMIN_EMAIL else PASSWORD, HERE)
        said.add(str(error.value))
    assert len(said) == 1


async def test_nobody_guesses_on_and_the_owner_comes_in_from_elsewhere(services: Services) -> None:
    await set_up(services)
    await refused(services, ADMIN_EMAIL, OF_ACCOUNT_FROM_NETWORK)
    with pytest.raises(TooManySignIns) as error:
        await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)
    assert 0 < (error.value.retry_after or 0) <= 15 * 60
    assert await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, elsewhere())


async def test_an_unknown_account_is_limited_as_a_known_one(services: Services) -> None:
    await refused(services, "nobody@shop.example", OF_ACCOUNT_FROM_NETWORK)
    with pytest.raises(TooManySignIns):
        await services.signing_in.sign_in("NOBODY@shop.example", PASSWORD, HERE)


async def test_many_networks_together_do_not_guess_either(services: Services, pool: Pool) -> None:
    await refused(services, "nobody@shop.example", 1)
    await attempts(pool, OF_ACCOUNT)
    with pytest.raises(TooManySignIns):
        await services.signing_in.sign_in("nobody@shop.example", WRONG, elsewhere())


async def test_one_network_does_not_try_all_accounts(services: Services, pool: Pool) -> None:
    await refused(services, "nobody@shop.example", 1)
    await attempts(pool, OF_NETWORK)
    with pytest.raises(TooManySignIns):
        await services.signing_in.sign_in("somebody@shop.example", WRONG, HERE)


async def test_many_attempts_at_once_and_by_several_processes_are_no_more_than_one_after_another(
    services: Services, pool: Pool
) -> None:
    await set_up(services)
    other = SigningIn(pool, services.signing_in._passwords)  # pyright: ignore[reportPrivateUsage] another process's
    done = await asyncio.gather(
        *(each.sign_in(ADMIN_EMAIL, WRONG, HERE) for each in [services.signing_in, other] * OF_ACCOUNT_FROM_NETWORK),
        return_exceptions=True,
    )
    tried = [each for each in done if isinstance(each, SignInRefused)]
    assert len(tried) == OF_ACCOUNT_FROM_NETWORK
    assert all(isinstance(each, SignInRefused | TooManySignIns) for each in done)


async def test_who_waits_may_try_again(services: Services, pool: Pool) -> None:
    await set_up(services)
    await refused(services, ADMIN_EMAIL, OF_ACCOUNT_FROM_NETWORK)
    await pool.execute("update sign_in_attempts set since = since - $1::interval", WINDOW)
    await refused(services, ADMIN_EMAIL, OF_ACCOUNT_FROM_NETWORK)
    with pytest.raises(TooManySignIns):
        await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)


async def test_the_right_password_does_not_count(services: Services) -> None:
    await set_up(services)
    for _ in range(OF_ACCOUNT_FROM_NETWORK + 1):
        await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)


async def test_attempts_are_forgotten_and_hold_no_address(services: Services, pool: Pool) -> None:
    await refused(services, "nobody@shop.example", 1)
    assert "nobody" not in str(await pool.fetch("select * from sign_in_attempts"))
    await pool.execute("update sign_in_attempts set since = since - interval '2 days'")
    await refused(services, "nobody@shop.example", 1)
    assert await pool.fetchval("select count(*) from sign_in_attempts where since < now() - interval '1 day'") == 0


async def test_a_session_ends_after_an_hour_without_a_request(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    await age(pool, IDLE - timedelta(minutes=1))
    assert await services.sessions.viewer(admin.session), "which is a request"
    await age(pool, IDLE - timedelta(minutes=1))
    assert await services.sessions.viewer(admin.session)
    await age(pool, IDLE)
    assert await services.sessions.viewer(admin.session) is None


async def test_a_session_ends_after_a_day_of_work_however_much_it_is_used(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    await age(pool, LASTS, "created_at")
    assert await services.sessions.viewer(admin.session) is None
    await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)
    assert await pool.fetchval("select count(*) from sessions") == 1, "the one that is over is forgotten"


async def test_a_session_in_use_is_written_once_in_five_minutes(services: Services, pool: Pool) -> None:
    admin = await set_up(services)

    async def used_at() -> object:
        await services.sessions.viewer(admin.session)
        return await pool.fetchval("select last_used_at from sessions")

    begun = await used_at()
    await age(pool, USE_PRECISION - timedelta(seconds=30))
    assert await used_at() != begun
    before = await pool.fetchval("select last_used_at from sessions")
    assert await used_at() == before
    await age(pool, USE_PRECISION)
    assert await used_at() != before


async def test_the_database_keeps_no_token(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    link = (await services.users.link(admin.user_id, "test")).token
    for table in ("sessions", "sign_in_links", "audit", "users"):
        rows = str([dict(row) for row in await pool.fetch(f"select * from {table}")])
        assert admin.session not in rows
        assert link not in rows
        assert PASSWORD not in rows


async def test_sessions_are_ended_by_their_owner_alone(services: Services) -> None:
    admin = await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    (of_ed,) = await services.sessions.of(ed.user_id)
    assert (of_ed.browser, of_ed.network) == (HERE.browser, HERE.network)
    await services.sessions.end(admin.user_id, of_ed.id)
    assert await services.sessions.viewer(ed.session)
    other = await services.signing_in.sign_in(ed.email, PASSWORD, HERE)
    await services.sessions.end_others(ed.user_id, of_ed.id)
    assert await services.sessions.viewer(other) is None
    await services.sessions.end(ed.user_id, of_ed.id)
    assert await services.sessions.viewer(ed.session) is None
    assert await services.sessions.viewer(admin.session)


async def test_signing_in_and_out_is_in_the_audit_with_no_address(services: Services) -> None:
    admin = await set_up(services)
    session = await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)
    viewer = await services.sessions.viewer(session)
    assert viewer is not None
    await services.sessions.end(viewer.user_id, viewer.session_id)
    page = await services.audit_log.page(actor=viewer.actor)
    assert [each.action for each in page.entries] == ["sign out", "sign in", "sign in", "use first_admin link"]
    assert {each.name for each in page.entries} == {"Boss"}
    assert ADMIN_EMAIL not in page.model_dump_json()
    assert admin.user_id in page.entries[0].actor


async def test_a_look_at_a_person_is_on_record_once_an_hour(services: Services) -> None:
    contact = ContactId("c-" + "1" * 28)
    for by in ("user a", "user a", "user b"):
        await services.audit_log.looked_at(contact, by)
    await asyncio.gather(*(services.audit_log.looked_at(ContactId("c-2"), "user a") for _ in range(5)))
    looks = (await services.audit_log.page(action="look at contact")).entries
    assert sorted((each.actor, each.details["contact"]) for each in looks) == [
        ("user a", contact),
        ("user a", "c-2"),
        ("user b", contact),
    ]


async def test_the_audit_is_read_by_pages_and_by_who_did_what(services: Services, pool: Pool) -> None:
    await pool.execute(
        "insert into audit (actor, action) select 'user ' || n % 2, 'act ' || n % 3 from generate_series(1, 100) n"
    )
    read: list[int] = []
    before: int | None = None
    while True:
        page = await services.audit_log.page(before=before, limit=7)
        read += [each.id for each in page.entries]
        if (before := page.next) is None:
            break
    assert len(read) == 100
    assert read == sorted(read, reverse=True)
    found = await services.audit_log.page(actor="user 1", action="act 2", limit=100)
    assert len(found.entries) == 16
    assert {(each.actor, each.action) for each in found.entries} == {("user 1", "act 2")}
    assert await services.audit_log.actions() == ("act 0", "act 1", "act 2")


def test_forms_are_known_by_their_session() -> None:
    assert is_form_token("session", form_token("session"))
    assert not is_form_token("session", form_token("another"))
    assert not is_form_token("session", "")
    assert not is_form_token("session", "\ud800")
    assert "session" not in form_token("session")
