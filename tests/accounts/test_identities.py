"""The company's identity provider, a real one over HTTP: who comes in by it, with which roles, and what is refused."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr, ValidationError
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.users import Grant, Role
from schemas.settings import Settings
from starter.accounts.identities import Identities
from starter.accounts.identity_provider import IdentityRefused
from starter.accounts.pending_sign_ins import SignInOver
from starter.accounts.tokens import derived
from starter.accounts.users import LastAdmin
from starter.accounts.viewer import Viewer
from starter.services import Services
from tests.accounts.provider import CLIENT, SECRET, Provider, given_back, provided
from tests.accounts.staff import ADMIN_EMAIL, HERE, let_in, set_up
from tests.http.conftest import services_over
from tests.http.web import PLAIN

BACK = "https://console.example/sign-in/identity/back"
KETTLES = StoreId("kettles.example")
ROLES = "shop-editors=editor, kettle-team=publisher@kettles.example, bosses=admin"


@pytest.fixture
async def provider() -> AsyncGenerator[Provider]:
    async with provided() as provider:
        yield provider


def settings(provider: Provider, **changed: Any) -> Settings:
    given: dict[str, Any] = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
    }
    return Settings.model_validate(given | changed)


@pytest.fixture
def services(pool: Pool, nowhere: Client, provider: Provider) -> Services:
    return services_over(pool, nowhere, settings=settings(provider))


async def there(services: Services, pool: Pool, provider: Provider, **changed: Any) -> Identities:
    """The same with other settings."""
    return Identities.from_settings(pool, services.users, settings(provider, **changed))


async def led_back(address: str) -> dict[str, str]:
    """They sign in at the provider; what it leads them back with."""
    async with httpx.AsyncClient(verify=PLAIN) as browser:
        return given_back((await browser.get(address)).headers["location"])


async def signed_in(services: Services, identities: Identities | None = None) -> Viewer:
    """Whoever comes in by the provider."""
    identities = identities or services.identities
    begun = await identities.begin(BACK, "/lines")
    back = await led_back(begun.address)
    session, leads_to = await identities.finish(begun.token, back["state"], back["code"], BACK, HERE)
    assert leads_to == "/lines"
    viewer = await services.sessions.viewer(session)
    assert viewer is not None
    return viewer


async def refused(services: Services, identities: Identities | None = None) -> str:
    with pytest.raises(IdentityRefused) as error:
        await signed_in(services, identities)
    return error.value.why


async def test_who_has_an_account_comes_in_by_their_verified_address_and_then_by_their_id(
    services: Services, provider: Provider
) -> None:
    await set_up(services)
    ed = await let_in(services, "Ed@shop.example", Role.EDITOR)
    assert (await signed_in(services)).user_id == ed.user_id
    provider.who |= {"email": "another@shop.example", "email_verified": False}
    viewer = await signed_in(services)
    assert (viewer.user_id, viewer.by_more_than_password) == (ed.user_id, True)
    entries = (await services.audit_log.page(action="sign in")).entries
    assert entries[0].details["way"] == "identity_provider"


async def test_an_address_that_is_not_verified_or_of_nobody_lets_nobody_in(
    services: Services, provider: Provider
) -> None:
    await set_up(services)
    assert await refused(services) == "no_account"
    await let_in(services, "ed@shop.example", Role.EDITOR)
    for wrong in ({"email_verified": False}, {"email_verified": None}, {"email_verified": 1.5}, {"email": None}):
        provider.changed = wrong
        assert await refused(services) == "unverified"


async def test_who_gets_the_address_of_somebody_else_later_does_not_get_their_account(
    services: Services, provider: Provider
) -> None:
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.EDITOR)
    await signed_in(services)
    provider.who["sub"] = "00u2"
    assert await refused(services) == "taken"


async def test_who_is_disabled_stays_out(services: Services) -> None:
    await set_up(services)
    ed = await let_in(services, "ed@shop.example", Role.EDITOR)
    await services.users.disable(ed.user_id, "test")
    assert await refused(services) == "disabled"


async def test_groups_become_roles_at_each_sign_in(services: Services, pool: Pool, provider: Provider) -> None:
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.VIEWER)
    mapped = await there(services, pool, provider, oidc_roles=ROLES)
    assert (await signed_in(services, mapped)).grants == (Grant(role=Role.EDITOR),)
    provider.who["groups"] = ["kettle-team", "shop-editors", "bowling"]
    both = (Grant(role=Role.EDITOR), Grant(role=Role.PUBLISHER, store_id=KETTLES))
    assert (await signed_in(services, mapped)).grants == both
    provider.who["groups"] = ["shop-editors", "bosses"]
    assert (await signed_in(services, mapped)).grants == (Grant(role=Role.ADMIN),)
    for none in (["bowling"], [], None, "shop-editor", {"shop-editors": 1}):
        provider.who["groups"] = none
        assert await refused(services, mapped) == "no_role"
    provider.who |= {"groups": None, "teams": "bosses"}
    named = await there(services, pool, provider, oidc_roles=ROLES, oidc_groups_claim="teams")
    assert (await signed_in(services, named)).may(Role.ADMIN)


async def test_the_last_admin_is_not_demoted_by_their_groups(
    services: Services, pool: Pool, provider: Provider
) -> None:
    admin = await set_up(services)
    provider.who["email"] = ADMIN_EMAIL
    mapped = await there(services, pool, provider, oidc_roles=ROLES)
    with pytest.raises(LastAdmin):
        await signed_in(services, mapped)
    assert (await services.users.one(admin.user_id)).grants == (Grant(role=Role.ADMIN),)


async def test_accounts_are_made_where_that_is_set(services: Services, pool: Pool, provider: Provider) -> None:
    await set_up(services)
    creating = await there(services, pool, provider, oidc_roles=ROLES, oidc_creates_accounts=True)
    viewer = await signed_in(services, creating)
    assert (viewer.name, viewer.email, viewer.grants) == ("Ed", "ed@shop.example", (Grant(role=Role.EDITOR),))
    assert not (await services.users.one(viewer.user_id)).has_password
    assert (await signed_in(services, creating)).user_id == viewer.user_id
    provider.who |= {"sub": "00u3", "email": "new@shop.example", "name": "\0"}
    assert (await signed_in(services, creating)).name == "new"
    with pytest.raises(ValueError, match="OIDC_ROLES"):
        await there(services, pool, provider, oidc_creates_accounts=True)
    with pytest.raises(ValueError, match="CLIENT_SECRET"):
        await there(services, pool, provider, oidc_client_secret=None)
    with pytest.raises(ValueError, match="role that is none"):
        await there(services, pool, provider, oidc_roles="a=king")
    for wrong in ({"oidc_roles": "nobody"}, {"oidc_issuer": "http://login.example"}):
        with pytest.raises(ValidationError):
            settings(provider, **wrong)


async def test_a_sign_in_is_of_the_browser_that_began_it_and_good_once(services: Services, pool: Pool) -> None:
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.EDITOR)
    mine, others = [await services.identities.begin(BACK, "/") for _ in range(2)]
    back = await led_back(mine.address)
    for token, state in ((mine.token, "x"), (others.token, back["state"]), ("", ""), (mine.token, back["state"])):
        with pytest.raises(SignInOver):
            await services.identities.finish(token, state, back["code"], BACK, HERE)
    late = await services.identities.begin(BACK, "/")
    back = await led_back(late.address)
    await pool.execute("update identity_requests set created_at = now() - interval '1 hour', expires_at = now()")
    with pytest.raises(SignInOver):
        await services.identities.finish(late.token, back["state"], back["code"], BACK, HERE)


async def test_a_code_is_good_once_and_only_with_its_verifier(services: Services) -> None:
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.EDITOR)
    first, second = [await services.identities.begin(BACK, "/") for _ in range(2)]
    back = await led_back(first.address)
    session, _ = await services.identities.finish(first.token, back["state"], back["code"], BACK, HERE)
    assert await services.sessions.viewer(session)
    for begun, code in ((second, back["code"]), (await services.identities.begin(BACK, "/"), "made-up")):
        with pytest.raises(IdentityRefused) as error:
            await services.identities.finish(begun.token, derived(begun.token, "state"), code, BACK, HERE)
        assert error.value.why == "answer"
    stolen = await led_back((await services.identities.begin(BACK, "/")).address)
    mine = await services.identities.begin(BACK, "/")
    with pytest.raises(IdentityRefused):
        await services.identities.finish(mine.token, derived(mine.token, "state"), stolen["code"], BACK, HERE)


async def test_who_is_refused_there_is_refused_here(services: Services) -> None:
    begun = await services.identities.begin(BACK, "/")
    with pytest.raises(IdentityRefused) as error:
        await services.identities.finish(begun.token, derived(begun.token, "state"), "", BACK, HERE)
    assert error.value.why == "denied"


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"sub": None},
        {"at_hash": "AAAA"},
    ],
    ids=json.dumps,
)
async def test_a_token_with_a_wrong_claim_lets_nobody_in(
    services: Services, provider: Provider, wrong: dict[str, object]
) -> None:
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.EDITOR)
    provider.changed = wrong
    assert await refused(services) == "answer"
    provider.changed = {}
    assert await signed_in(services)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_a_token_that_no_key_of_the_provider_signed_lets_nobody_in(
    services: Services, provider: Provider, algorithm: str
) -> None:
    """With `none` nobody signed it; by HS256 whoever knows the client's secret did, or its public key."""
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.EDITOR)
    provider.algorithm = algorithm
    assert await refused(services) == "answer"


async def test_a_key_that_the_provider_does_not_show_signs_nobody_in(services: Services, provider: Provider) -> None:
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.EDITOR)
    provider.keys = [provider.key]
    for kid in ("1", "2"):
        provider.key = RSAKey.generate_key(2048, {"kid": kid})
        assert await refused(services) == "answer"


async def test_a_key_that_is_new_is_asked_for(services: Services, provider: Provider) -> None:
    await set_up(services)
    await let_in(services, "ed@shop.example", Role.EDITOR)
    await signed_in(services)
    provider.key = RSAKey.generate_key(2048, {"kid": "2"})
    held = services.identities._provider  # pyright: ignore[reportPrivateUsage] half a minute goes by
    assert held is not None
    assert held._keys is not None  # pyright: ignore[reportPrivateUsage]
    held._keys = (held._keys[0], held._keys[1] - 60)  # pyright: ignore[reportPrivateUsage]
    assert await signed_in(services)


async def test_a_provider_that_calls_itself_otherwise_or_is_away_is_said_so(
    services: Services, provider: Provider, pool: Pool
) -> None:
    provider.calls_itself = "https://evil.example"
    with pytest.raises(IdentityRefused, match="not to be trusted"):
        await services.identities.begin(BACK, "/")
    away = await there(services, pool, provider, oidc_issuer="http://127.0.0.1:1")
    with pytest.raises(IdentityRefused, match="does not answer"):
        await away.begin(BACK, "/")
    assert await away.sign_out_address(BACK) is None
