"""The second factor: set up, asked for, used once, lost, switched off; and that half signed in nobody is in."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from activities.connections.sealing import Seal, SecretsKeyMissing
from activities.postgres.pool import Pool
from schemas.responses.users import Role
from starter.accounts.attempts import OF_ACCOUNT_FROM_NETWORK, OF_CODES, TooManySignIns
from starter.accounts.passwords import Passwords
from starter.accounts.pending_sign_ins import PendingSignIns, SecondFactorNeeded, SignInOver
from starter.accounts.present_password import WrongPassword
from starter.accounts.second_factors import NothingToConfirm, SecondFactors, WrongCode
from starter.accounts.sessions import Where
from starter.services import Services
from tests.accounts.codes import code_of, later, with_app
from tests.accounts.staff import ADMIN_EMAIL, HERE, PASSWORD, let_in, set_up
from tests.http.connecting import KEY

ANOTHER = "harbour owl kettle lantern"


async def half_in(services: Services, email: str = ADMIN_EMAIL, password: str = PASSWORD) -> str:
    """The token of who gave their password."""
    with pytest.raises(SecondFactorNeeded) as needed:
        await services.signing_in.sign_in(email, password, HERE)
    return needed.value.token


async def test_an_app_counts_once_a_code_of_it_was_right(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    with pytest.raises(NothingToConfirm):
        await services.second_factors.app_setup(admin.user_id)
    with pytest.raises(WrongPassword):
        await services.second_factors.begin_app(admin.user_id, ANOTHER, HERE.network)
    await services.second_factors.begin_app(admin.user_id, PASSWORD, HERE.network)
    setup = await services.second_factors.app_setup(admin.user_id)
    assert setup.qr_code.startswith("<svg")
    assert "style" not in setup.qr_code
    with pytest.raises(WrongCode):
        await services.second_factors.confirm_app(admin.user_id, code_of(setup.secret, 5), 1, HERE.network)
    assert await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE), "so far the password is enough"
    viewer = await services.sessions.viewer(admin.session)
    assert viewer is not None
    codes = await services.second_factors.confirm_app(
        admin.user_id, code_of(setup.secret), viewer.session_id, HERE.network
    )
    assert len(set(codes)) == 10
    assert len(await services.sessions.of(admin.user_id)) == 1, "signed out everywhere else"
    assert (await services.second_factors.of(admin.user_id)).recovery_codes_left == 10
    with pytest.raises(NothingToConfirm):
        await services.second_factors.app_setup(admin.user_id)
    with pytest.raises(NothingToConfirm):
        await services.second_factors.begin_app(admin.user_id, PASSWORD, HERE.network)
    kept = str([dict(row) for row in await pool.fetch("select * from authenticators, recovery_codes, audit")])
    assert setup.secret not in kept
    assert codes[0] not in kept


async def test_a_secret_is_not_shown_for_long(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    await services.second_factors.begin_app(admin.user_id, PASSWORD, HERE.network)
    await pool.execute("update authenticators set created_at = now() - interval '1 hour'")
    with pytest.raises(NothingToConfirm):
        await services.second_factors.app_setup(admin.user_id)


async def test_half_signed_in_nobody_is_in_until_the_code_is_right(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    secret, _ = await with_app(services, admin)
    token = await half_in(services)
    assert await services.sessions.viewer(token) is None
    assert len(await services.sessions.of(admin.user_id)) == 1
    with pytest.raises(WrongCode):
        await services.pending_sign_ins.finish(token, code_of(secret), HERE)
    await later(pool)
    session = await services.pending_sign_ins.finish(token, f" {code_of(secret)[:3]} {code_of(secret)[3:]}", HERE)
    viewer = await services.sessions.viewer(session)
    assert viewer is not None
    assert viewer.user_id == admin.user_id
    with pytest.raises(SignInOver):
        await services.pending_sign_ins.finish(token, code_of(secret, 1), HERE)
    said = [each.action for each in (await services.audit_log.page(actor=viewer.actor)).entries]
    assert said[:2] == ["sign in", "give wrong code"]


async def test_a_code_is_taken_once_whichever_process_it_comes_to(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    secret, codes = await with_app(services, admin)
    await later(pool)
    other = PendingSignIns(pool, Seal([KEY]))
    for code in (code_of(secret), codes[0]):
        tokens = [await half_in(services) for _ in range(4)]
        done = await asyncio.gather(
            *(
                each.finish(token, code, HERE)
                for each, token in zip([services.pending_sign_ins, other] * 2, tokens, strict=True)
            ),
            return_exceptions=True,
        )
        assert [type(each) for each in done if not isinstance(each, str)] == [WrongCode] * 3
        await pool.execute("delete from sign_in_attempts")
    with pytest.raises(asyncpg.CheckViolationError, match="taken once"):
        await pool.execute("update authenticators set last_step = last_step")


async def test_codes_are_guessed_no_more_often_than_passwords(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    secret, codes = await with_app(services, admin)
    token = await half_in(services)
    for _ in range(OF_ACCOUNT_FROM_NETWORK):
        with pytest.raises(WrongCode):
            await services.pending_sign_ins.finish(token, "000000", HERE)
    for right in (codes[0], code_of(secret, 1)):
        with pytest.raises(TooManySignIns):
            await services.pending_sign_ins.finish(token, right, HERE)
    token = await half_in(services)
    with pytest.raises(TooManySignIns):
        await services.pending_sign_ins.finish(token, codes[0], HERE)
    elsewhere = Where("Firefox", "203.0.113.0/24")
    await pool.execute("update sign_in_attempts set attempts = $1", OF_CODES)
    with pytest.raises(TooManySignIns):
        await services.pending_sign_ins.finish(token, codes[0], elsewhere)
    await pool.execute("delete from sign_in_attempts")
    assert await services.pending_sign_ins.finish(token, codes[0], elsewhere)


async def test_a_pending_sign_in_ends(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    _, codes = await with_app(services, admin)
    tokens = [await half_in(services) for _ in range(2)]
    await pool.execute("update pending_sign_ins set created_at = now() - interval '1 hour', expires_at = now()")
    for token in (*tokens, "", "x"):
        with pytest.raises(SignInOver):
            await services.pending_sign_ins.finish(token, codes[0], HERE)
    token = await half_in(services)
    assert await pool.fetchval("select count(*) from pending_sign_ins") == 1, "those that are over are forgotten"
    await services.users.change_password(admin.user_id, PASSWORD, ANOTHER, 1, HERE.network)
    with pytest.raises(SignInOver):
        await services.pending_sign_ins.open(token)


async def test_who_is_disabled_does_not_finish(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    _, codes = await with_app(services, ed)
    token = await half_in(services, ed.email)
    await services.users.disable(ed.user_id, "test")
    with pytest.raises(SignInOver):
        await services.pending_sign_ins.finish(token, codes[0], HERE)


async def test_a_link_for_a_password_does_not_pass_over_the_second_factor(services: Services) -> None:
    admin = await set_up(services)
    _, codes = await with_app(services, admin)
    link = await services.users.link(admin.user_id, "test")
    with pytest.raises(SecondFactorNeeded) as needed:
        await services.sign_in_links.use(link.token, ANOTHER, HERE)
    assert await services.sessions.of(admin.user_id) == ()
    assert await services.pending_sign_ins.finish(needed.value.token, codes[0], HERE)
    assert await half_in(services, password=ANOTHER)


async def test_a_recovery_code_is_good_once_and_only_for_its_user(services: Services) -> None:
    admin = await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    _, codes = await with_app(services, admin)
    _, of_ed = await with_app(services, ed)
    for number, wrong in enumerate((of_ed[0], "", codes[0][:-1], "\0", "\ud800", "١٢٣٤٥٦")):
        with pytest.raises(WrongCode):
            await services.pending_sign_ins.finish(await half_in(services), wrong, Where("x", str(number)))
    assert await services.pending_sign_ins.finish(await half_in(services), codes[0].upper().replace("-", " "), HERE)
    with pytest.raises(WrongCode):
        await services.pending_sign_ins.finish(await half_in(services), codes[0], HERE)
    assert (await services.second_factors.of(admin.user_id)).recovery_codes_left == 9


async def test_it_is_switched_off_and_codes_are_renewed_with_password_and_code_only(services: Services) -> None:
    admin = await set_up(services)
    _, codes = await with_app(services, admin)
    factors = services.second_factors
    for act in (factors.switch_off, factors.renew_recovery_codes):
        with pytest.raises(WrongPassword):
            await act(admin.user_id, ANOTHER, codes[0], HERE.network)
        with pytest.raises(WrongCode):
            await act(admin.user_id, PASSWORD, "abcd-efgh-2345-jklm", HERE.network)
    renewed = await factors.renew_recovery_codes(admin.user_id, PASSWORD, codes[0], HERE.network)
    with pytest.raises(WrongCode):
        await factors.switch_off(admin.user_id, PASSWORD, codes[1], HERE.network)
    await factors.switch_off(admin.user_id, PASSWORD, renewed[0], HERE.network)
    assert not (await factors.of(admin.user_id)).on
    assert await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)


async def test_an_admin_resets_it_for_who_lost_everything_and_the_audit_has_who(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    await with_app(services, ed)
    await services.second_factors.reset(ed.user_id, "user boss")
    assert await services.sessions.of(ed.user_id) == ()
    assert await services.signing_in.sign_in(ed.email, PASSWORD, HERE)
    (entry, *_) = (await services.audit_log.page(action="reset second factor")).entries
    assert (entry.actor, entry.details) == ("user boss", {"user": ed.user_id})


async def test_secrets_are_bound_to_their_user_and_sealed_anew_with_another_key(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    secret, _ = await with_app(services, admin)
    await later(pool)
    new = SecretStr(Fernet.generate_key().decode())
    rotated = SecondFactors(pool, Passwords(), Seal([new, KEY]))
    assert [await rotated.reseal("test"), await rotated.reseal("test")] == [1, 0]
    alone = replace(services, pending_sign_ins=PendingSignIns(pool, Seal([new])))
    assert await alone.pending_sign_ins.finish(await half_in(services), code_of(secret), HERE)
    with pytest.raises(SecretsKeyMissing):
        await PendingSignIns(pool, Seal([])).finish(await half_in(services), code_of(secret, 1), HERE)
