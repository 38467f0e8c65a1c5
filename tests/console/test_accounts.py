"""The pages of accounts as they are used: set-up, invitation, my account, users, API keys, the audit."""

import re
from collections.abc import AsyncGenerator
from html import unescape

import pytest

from schemas.ids import ContactId, StoreId
from schemas.responses.keys import Scope
from schemas.responses.users import Grant, Role
from starter.accounts.attempts import OF_ACCOUNT_FROM_NETWORK
from starter.accounts.links import PATH
from tests.accounts.staff import ADMIN_EMAIL, PASSWORD, set_up
from tests.console.browsing import Browser, browsing, sign_in, signed_in
from tests.http.web import Web

OTHER = "harbour owl kettle lantern"
STORE = StoreId("here.example")


@pytest.fixture
async def admin(web: Web) -> AsyncGenerator[Browser]:
    """The first admin, signed in."""
    await set_up(web.services)
    async with browsing(web.url) as browser:
        yield await sign_in(browser, ADMIN_EMAIL)


def shown(text: str, name: str) -> str:
    """What a field that can only be read has."""
    found = re.search(rf'id="{name}"[^>]*value="([^"]*)"', text)
    assert found, text
    return unescape(found[1])


async def test_the_first_admin_sets_the_console_up(web: Web) -> None:
    token = await web.services.sign_in_links.for_the_first_admin()
    async with browsing(web.url) as browser:
        assert "There is no account yet" in (await browser.get("/sign-in")).text
        path = f"{PATH}{token}"
        assert "<h1>Set up Shelftalk</h1>" in (await browser.get(path)).text
        about = {"name": "Boss", "email": ADMIN_EMAIL, "language": "de", "time_zone": "Europe/Berlin"}
        weak = await browser.post(path, about | {"password": "passwordpassword"})
        assert (weak.status_code, "among the first" in weak.text) == (422, True)
        assert shown(weak.text, "name") == "Boss", "what was typed is kept"
        assert "passwordpassword" not in weak.text
        for field, wrong in (("email", "nobody"), ("name", " "), ("time_zone", "Mars/Base")):
            assert (await browser.post(path, about | {"password": PASSWORD, field: wrong})).status_code == 422
        led = await browser.post(path, about | {"password": PASSWORD})
        assert (led.status_code, led.headers["location"]) == (303, "/")
        assert "<h1>Mein Konto</h1>" in (await browser.get("/account")).text
        over = await browser.get(path)
        assert (over.status_code, "This link is over" in over.text) == (404, True)
        assert (await browser.post(path, {"password": PASSWORD})).status_code == 404


async def test_a_wrong_password_is_said_so_and_too_many_are_refused(web: Web, admin: Browser) -> None:
    async with browsing(web.url) as stranger:
        for _ in range(OF_ACCOUNT_FROM_NETWORK):
            refused = await stranger.post("/sign-in", {"email": ADMIN_EMAIL, "password": OTHER})
            assert (refused.status_code, "do not belong together" in refused.text) == (401, True)
            assert shown(refused.text, "email") == ADMIN_EMAIL
        late = await stranger.post("/sign-in", {"email": ADMIN_EMAIL, "password": PASSWORD})
        assert (late.status_code, "too often" in late.text) == (429, True)
        assert int(late.headers["retry-after"]) > 0


async def test_who_is_let_in_chooses_a_password_and_may_what_they_were_given(web: Web, admin: Browser) -> None:
    asked = {"name": "Ed", "email": "ed@shop.example", "language": "en", "role": "viewer"}
    made = await admin.post("/users/new", asked | {"store": [STORE, ""], "store_role": ["publisher", ""]})
    link = shown(made.text, "link")
    assert link.startswith(f"{web.url}{PATH}")
    (ed,) = [each for each in await web.services.users.all() if each.name == "Ed"]
    assert ed.grants == (Grant(role=Role.VIEWER), Grant(role=Role.PUBLISHER, store_id=STORE))
    assert "Invited" in (await admin.get("/users")).text
    async with browsing(web.url) as browser:
        page = await browser.get(link.removeprefix(web.url))
        assert "Hello Ed" in page.text
        assert (await browser.post(link.removeprefix(web.url), {"password": OTHER})).status_code == 303
        assert STORE in (await browser.get("/account")).text
    again = await admin.post("/users/new", asked)
    assert (again.status_code, "already" in again.text) == (422, True)
    assert (await admin.post("/users/new", asked | {"email": "x@shop.example", "role": ""})).status_code == 422
    assert (await admin.post("/users/new", asked | {"email": "x@shop.example", "role": "king"})).status_code == 422


async def test_roles_are_changed_and_users_disabled_and_let_in_again(web: Web, admin: Browser) -> None:
    async with signed_in(web, Role.EDITOR) as ed:
        (user,) = [each for each in await web.services.users.all() if each.grants[0].role is Role.EDITOR]
        page = (await admin.get(f"/users/{user.id}")).text
        assert '<option value="editor" selected>' in page
        led = await admin.post(f"/users/{user.id}/roles", {"role": "", "store": [STORE], "store_role": ["support"]})
        assert led.status_code == 303
        assert (await web.services.users.one(user.id)).grants == (Grant(role=Role.SUPPORT, store_id=STORE),)
        assert (await admin.post(f"/users/{user.id}/disable")).status_code == 303
        assert (await ed.get("/account")).status_code == 303
        assert "Disabled" in (await admin.get(f"/users/{user.id}")).text
        assert (await admin.post(f"/users/{user.id}/enable")).status_code == 303
    link = shown((await admin.post(f"/users/{user.id}/link")).text, "link")
    async with browsing(web.url) as browser:
        assert "<h1>Choose another password</h1>" in (await browser.get(link.removeprefix(web.url))).text
    (boss,) = [each for each in await web.services.users.all() if each.email == ADMIN_EMAIL]
    for act, form in (("disable", {}), ("roles", {"role": "viewer"})):
        refused = await admin.post(f"/users/{boss.id}/{act}", form)
        assert (refused.status_code, "last admin" in refused.text) == (422, True)
    assert (await admin.get("/users/u-nobody")).status_code == 404
    assert (await admin.get("/users/%00")).status_code in (404, 422)


async def test_everybody_changes_what_is_theirs(web: Web, admin: Browser) -> None:
    async with signed_in(web, Role.VIEWER, STORE) as one, browsing(web.url) as second:
        email = f"viewer-{STORE}@staff.example"
        await sign_in(second, email)
        led = await one.post("/account", {"name": "Vera", "language": "de", "time_zone": "Europe/Berlin"})
        page = (await one.get(led.headers["location"])).text
        assert "Gespeichert." in page
        assert "Vera" in page
        assert (await one.post("/account", {"name": "", "language": "de", "time_zone": "UTC"})).status_code == 422
        wrong = await one.post("/account/password", {"present": OTHER, "password": OTHER})
        assert (wrong.status_code, "nicht Ihr bisheriges Passwort" in wrong.text) == (422, True)
        assert (await second.get("/account")).status_code == 200
        assert (await one.post("/account/password", {"present": PASSWORD, "password": OTHER})).status_code == 303
        assert (await second.get("/account")).status_code == 303, "signed out"
        await sign_in(second, email, OTHER)
        assert (await one.post("/account/sessions/end")).status_code == 303
        assert (await second.get("/account")).status_code == 303
        await sign_in(second, email, OTHER)
        sessions = await web.services.sessions.of((await web.services.users.by_email(email)).id)
        assert (await one.post("/account/sessions/end", {"session": str(sessions[0].id)})).status_code == 303
        led = await one.post("/sign-out")
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in")
        assert (await one.get("/account")).status_code == 303


async def test_keys_are_made_shown_once_and_revoked(web: Web, admin: Browser) -> None:
    asked = {"name": "tag <manager>", "scope": ["events", "read"], "stores": STORE, "expires": "2099-12-31"}
    made = await admin.post("/users/keys", asked)
    key = shown(made.text, "key")
    assert "Not known so far: here.example" in made.text
    holder = await web.services.keys.holder(key)
    assert holder is not None
    assert (holder.scopes, holder.stores) == ([Scope.EVENTS, Scope.READ], [STORE])
    page = (await admin.get("/users/keys")).text
    assert key not in page
    assert "tag &lt;manager&gt;" in page
    refused_ones: list[dict[str, object]] = [
        {},
        {"name": "x", "scope": [""]},
        {"name": " "},
        {"name": "y", "expires": "2001-01-01"},
        {"name": "z", "expires": "soon"},
        {"name": "a\nb"},
    ]
    for wrong in refused_ones:
        refused = await admin.post("/users/keys", asked | wrong)
        assert refused.status_code == 422, wrong
    assert (await admin.post("/users/keys/revoke", {"name": "tag <manager>"})).status_code == 303
    assert await web.services.keys.holder(key) is None
    assert (await admin.post("/users/keys/revoke", {"name": "tag <manager>"})).status_code == 422


async def test_the_audit_is_read_by_pages_by_who_and_by_what(web: Web, admin: Browser) -> None:
    for number in range(60):
        await web.services.audit_log.looked_at(ContactId(f"c-{number}"), "user nobody")
    page = (await admin.get("/users/audit?action=look+at+contact")).text
    assert "c-59" in page
    assert "c-9<" not in page
    following = unescape(re.findall(r'href="([^"]+)" rel="next"', page)[0])
    assert "c-9<" in (await admin.get(following)).text
    boss = (await web.services.users.by_email(ADMIN_EMAIL)).id
    mine = (await admin.get(f"/users/audit?actor=user+{boss}")).text
    assert "sign in" in mine
    assert "c-59" not in mine
    assert ADMIN_EMAIL not in mine
    assert "Nobody did this so far" in (await admin.get("/users/audit?actor=nobody")).text
    assert (await admin.get("/users/audit?before=x")).status_code == 422


async def test_who_changes_something_in_the_console_is_in_the_audit(web: Web, admin: Browser) -> None:
    await admin.post("/users/keys", {"name": "k", "scope": ["read"]})
    (entry, *_) = (await web.services.audit_log.page(action="create key")).entries
    assert (entry.name, entry.details["key"]) == ("Boss", "k")


async def test_a_user_is_erased_by_typing_their_name_and_the_last_admin_is_not(web: Web, admin: Browser) -> None:
    async with signed_in(web, Role.EDITOR) as ed:
        (user,) = [each for each in await web.services.users.all() if each.grants[0].role is Role.EDITOR]
        path = f"/users/{user.id}/erase"
        assert path in (await admin.get(f"/users/{user.id}")).text
        assert user.email in (await admin.get(path)).text
        for typed in ("", "editor", user.email):
            refused = await admin.post(path, {"typed": typed})
            assert (refused.status_code, "This is not the name" in refused.text) == (422, True)
        assert (await ed.get("/account")).status_code == 200
        led = await admin.post(path, {"typed": f" {user.name.upper()} "})
        assert "Erased." in (await admin.get(led.headers["location"])).text
        assert (await ed.get("/account")).status_code == 303
        assert (await admin.get(path)).status_code == 404
        (entry,) = (await web.services.audit_log.page(action="erase user")).entries
        assert (entry.name, entry.details) == ("Boss", {"user": user.id})
    (boss,) = await web.services.users.all()
    refused = await admin.post(f"/users/{boss.id}/erase", {"typed": boss.name})
    assert (refused.status_code, "last admin" in refused.text) == (422, True)
