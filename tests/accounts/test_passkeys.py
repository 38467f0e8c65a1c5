"""Passkeys: made, shown, counted, removed; and what is refused of what a browser might answer."""

from dataclasses import replace

import pytest

from activities.postgres.pool import Pool
from schemas.responses.users import Role
from starter.accounts.ceremonies import PasskeyRefused
from starter.accounts.passkeys import LastSecondFactor, PasskeyUseless
from starter.accounts.pending_sign_ins import SecondFactorNeeded, SignInOver
from starter.accounts.present_password import WrongPassword
from starter.accounts.relying_party import RelyingParty, relying_party
from starter.services import Services
from tests.accounts.codes import with_app
from tests.accounts.device import PRESENT, Device
from tests.accounts.staff import ADMIN_EMAIL, HERE, PASSWORD, Staff, let_in, set_up

PARTY = RelyingParty("console.example", "https://console.example")


def device() -> Device:
    return Device(PARTY.id, PARTY.origin)


async def added(services: Services, staff: Staff, made: Device | None = None, name: str = "my phone") -> Device:
    """A passkey of theirs."""
    made = made or device()
    options = await services.passkeys.options_to_register(staff.user_id, PARTY)
    await services.passkeys.add(staff.user_id, PARTY, made.made(options), name, PASSWORD, HERE, 1)
    return made


async def test_somebody_signs_in_without_a_password(services: Services) -> None:
    admin = await set_up(services)
    phone = await added(services, admin)
    for _ in range(2):
        options = await services.passkeys.options_to_sign_in(PARTY, HERE.network)
        session = await services.passkeys.sign_in(PARTY, phone.shown(options), HERE)
        viewer = await services.sessions.viewer(session)
        assert viewer is not None
        assert (viewer.user_id, viewer.by_more_than_password) == (admin.user_id, True)
    (passkey,) = await services.passkeys.of(admin.user_id)
    assert passkey.name == "my phone"
    assert passkey.last_used_at is not None
    assert (await services.users.one(admin.user_id)).second_factor


async def test_the_first_passkey_is_asked_for_after_the_password_and_brings_recovery_codes(services: Services) -> None:
    admin = await set_up(services)
    phone = device()
    options = await services.passkeys.options_to_register(admin.user_id, PARTY)
    codes = await services.passkeys.add(admin.user_id, PARTY, phone.made(options), "phone", PASSWORD, HERE, 1)
    assert len(codes) == 10
    key = device()
    options = await services.passkeys.options_to_register(admin.user_id, PARTY)
    assert await services.passkeys.add(admin.user_id, PARTY, key.made(options), "key", PASSWORD, HERE, 1) == ()
    key.flags = PRESENT
    for shown in (phone, key):
        with pytest.raises(SecondFactorNeeded) as needed:
            await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)
        token = needed.value.token
        options = await services.passkeys.options_to_finish(token, PARTY)
        assert await services.passkeys.finish(token, PARTY, shown.shown(options), HERE)
        with pytest.raises(SignInOver):
            await services.passkeys.options_to_finish(token, PARTY)
    with pytest.raises(SecondFactorNeeded) as needed:
        await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)
    assert await services.pending_sign_ins.finish(needed.value.token, codes[0], HERE)


async def test_a_challenge_is_good_once_for_a_while_and_for_what_it_was_made(services: Services, pool: Pool) -> None:
    admin = await set_up(services)
    phone = await added(services, admin)
    options = await services.passkeys.options_to_sign_in(PARTY, HERE.network)
    answer = phone.shown(options)
    assert await services.passkeys.sign_in(PARTY, answer, HERE)
    late = await services.passkeys.options_to_sign_in(PARTY, HERE.network)
    await pool.execute("update passkey_challenges set expires_at = now()")
    of_another_kind = await services.passkeys.options_to_register(admin.user_id, PARTY)
    for refused in (answer, phone.shown(options), phone.shown(late), phone.shown(of_another_kind)):
        with pytest.raises(PasskeyRefused):
            await services.passkeys.sign_in(PARTY, refused, HERE)
    await services.passkeys.options_to_sign_in(PARTY, HERE.network)
    assert await pool.fetchval("select count(*) from passkey_challenges where expires_at <= now()") == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://console.example"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"credential_id": b"another"},
        {"handle": None},
        {"handle": "dS0wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"},
        {"key": device().key},
        {"signed": -1},
    ],
    ids=" ".join,
)
async def test_what_is_not_as_it_was_made_signs_nobody_in(services: Services, wrong: dict[str, object]) -> None:
    """Another page, another address, no finger, an unknown passkey, another user, another key, an old count."""
    admin = await set_up(services)
    phone = await added(services, admin)
    options = await services.passkeys.options_to_sign_in(PARTY, HERE.network)
    assert await services.passkeys.sign_in(PARTY, phone.shown(options), HERE)
    options = await services.passkeys.options_to_sign_in(PARTY, HERE.network)
    with pytest.raises(PasskeyRefused):
        await services.passkeys.sign_in(PARTY, replace(phone, **wrong).shown(options), HERE)
    with pytest.raises(PasskeyRefused):
        await services.passkeys.sign_in(PARTY, phone.shown(options), HERE)


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"response": {"clientDataJSON": "e30"}}', "x" * 70_000, "\0"]
)
async def test_what_no_browser_answers_is_refused(services: Services, answer: str) -> None:
    admin = await set_up(services)
    with pytest.raises(PasskeyRefused):
        await services.passkeys.sign_in(PARTY, answer, HERE)
    with pytest.raises(PasskeyRefused):
        await services.passkeys.add(admin.user_id, PARTY, answer, "x", PASSWORD, HERE, 1)


async def test_parts_of_an_answer_that_are_no_bytes_are_refused(services: Services) -> None:
    phone = await added(services, await set_up(services))
    for part in ("authenticatorData", "signature", "userHandle"):
        for value in ("", "A", "!!", 7, None, "AAAA"):
            options = await services.passkeys.options_to_sign_in(PARTY, HERE.network)
            with pytest.raises(PasskeyRefused):
                await services.passkeys.sign_in(PARTY, phone.shown(options, **{part: value}), HERE)


async def test_a_passkey_is_its_users_alone(services: Services) -> None:
    admin = await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    phone = await added(services, admin)
    await added(services, ed)
    with pytest.raises(PasskeyUseless):
        await added(services, ed, phone)
    with pytest.raises(SecondFactorNeeded) as needed:
        await services.signing_in.sign_in(ed.email, PASSWORD, HERE)
    options = await services.passkeys.options_to_finish(needed.value.token, PARTY)
    with pytest.raises(PasskeyRefused):
        await services.passkeys.finish(needed.value.token, PARTY, phone.shown(options), HERE)
    (of_admin,) = await services.passkeys.of(admin.user_id)
    await services.passkeys.remove(ed.user_id, of_admin.id, PASSWORD, HERE.network)
    assert await services.passkeys.of(admin.user_id) == (of_admin,)
    options = await services.passkeys.options_to_register(admin.user_id, PARTY)
    with pytest.raises(PasskeyRefused):
        await services.passkeys.add(ed.user_id, PARTY, device().made(options), "x", PASSWORD, HERE, 1)
    await services.users.disable(ed.user_id, "test")
    await services.users.erase(ed.user_id, "test")
    assert await services.passkeys.of(ed.user_id) == ()


async def test_who_is_disabled_signs_in_by_none(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    phone = await added(services, ed)
    await services.users.disable(ed.user_id, "test")
    options = await services.passkeys.options_to_sign_in(PARTY, HERE.network)
    with pytest.raises(PasskeyRefused):
        await services.passkeys.sign_in(PARTY, phone.shown(options), HERE)


async def test_adding_and_removing_needs_the_password_and_the_last_second_factor_stays(services: Services) -> None:
    admin = await set_up(services)
    options = await services.passkeys.options_to_register(admin.user_id, PARTY)
    with pytest.raises(WrongPassword):
        await services.passkeys.add(admin.user_id, PARTY, device().made(options), "x", "another", HERE, 1)
    for name in ("", " ", "x" * 61, "a\nb\0"):
        options = await services.passkeys.options_to_register(admin.user_id, PARTY)
        with pytest.raises(PasskeyUseless):
            await services.passkeys.add(admin.user_id, PARTY, device().made(options), name, PASSWORD, HERE, 1)
    await added(services, admin)
    (passkey,) = await services.passkeys.of(admin.user_id)
    with pytest.raises(WrongPassword):
        await services.passkeys.remove(admin.user_id, passkey.id, "another", HERE.network)
    with pytest.raises(LastSecondFactor):
        await services.passkeys.remove(admin.user_id, passkey.id, PASSWORD, HERE.network)
    assert await services.passkeys.of(admin.user_id) == (passkey,)
    await with_app(services, admin)
    await services.passkeys.remove(admin.user_id, passkey.id, PASSWORD, HERE.network)
    assert await services.passkeys.of(admin.user_id) == ()


async def test_a_reset_takes_passkeys_away_too(services: Services) -> None:
    admin = await set_up(services)
    await added(services, admin)
    await services.second_factors.reset(admin.user_id, "test")
    assert await services.passkeys.of(admin.user_id) == ()
    assert await services.signing_in.sign_in(ADMIN_EMAIL, PASSWORD, HERE)


@pytest.mark.parametrize(
    ("public", "asked", "party"),
    [
        (
            "https://Console.example/x",
            "http://127.0.0.1:1/",
            RelyingParty("console.example", "https://console.example"),
        ),
        ("https://console.example:8443", "x", RelyingParty("console.example", "https://console.example:8443")),
        ("https://console.example:443", "x", RelyingParty("console.example", "https://console.example")),
        (None, "http://localhost:8080/a", RelyingParty("localhost", "http://localhost:8080")),
        (None, "https://evil.example/", None),
        (None, "http://127.0.0.1:8080/", None),
        (None, "http://localhost.evil.example/", None),
        ("https://192.0.2.1", "http://localhost/", None),
    ],
)
def test_passkeys_are_of_the_public_address_and_of_no_other_that_is_asked_for(
    public: str | None, asked: str, party: RelyingParty | None
) -> None:
    assert relying_party(public, asked) == party
