"""Who may open which page, and by what: cookie, role, store, the token of forms, and that a page of ours asks."""

from collections.abc import AsyncGenerator

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.ids import StoreId
from schemas.responses.users import Grant, Role
from starter.http.app import create_app
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.forms import PostedForm
from starter.http.console.signed_in import own_path, where_of
from starter.http.server import serving
from tests.accounts.staff import ADMIN_EMAIL, PASSWORD, let_in, set_up
from tests.console.browsing import Browser, browsing, sign_in, signed_in
from tests.http.conftest import services_over
from tests.http.web import SETTINGS, Web, open_web

HERE, THERE = "here.example", "there.example"
router = console_router()


@router.get("/test/all", dependencies=[needs_role(Role.SUPPORT)])
async def of_all() -> PlainTextResponse:
    return PlainTextResponse("all")


@router.get("/test/some", dependencies=[needs_role(Role.SUPPORT, somewhere=True)])
async def of_some(viewer: CurrentViewer) -> PlainTextResponse:
    return PlainTextResponse(repr(viewer.stores(Role.SUPPORT)))


@router.get("/test/stores/{store:id}", dependencies=[needs_role(Role.SUPPORT)])
async def of_one(store: str) -> PlainTextResponse:
    return PlainTextResponse(store)


@router.post("/test/change", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def change(form: PostedForm, viewer: CurrentViewer) -> PlainTextResponse:
    return PlainTextResponse(f"{viewer.actor} {form.text('word')} {form.all('box')} {sorted(form.files)}")


@pytest.fixture
async def web(pool: Pool, nowhere: Client) -> AsyncGenerator[Web]:
    """The application with some pages more."""
    services = services_over(pool, nowhere)
    app: FastAPI = create_app(services, SETTINGS)
    app.include_router(router)
    async with serving(app, "127.0.0.1", 0) as served, open_web(served.url, services) as web:
        yield web


@pytest.fixture
async def browser(web: Web) -> AsyncGenerator[Browser]:
    """Of the admin, who is not signed in."""
    await set_up(web.services)
    async with browsing(web.url) as made:
        yield made


async def status(browser: Browser, path: str) -> int:
    return (await browser.get(path)).status_code


@pytest.mark.parametrize("dependencies", [[], [needs_role(Role.VIEWER), needs_role(Role.ADMIN)]])
def test_a_page_that_declares_no_role_or_two_is_not_served(dependencies: list[object]) -> None:
    with pytest.raises(ValueError, match="declares one role"):
        console_router().get("/x", dependencies=dependencies)(lambda: None)  # pyright: ignore[reportArgumentType]


async def test_who_is_not_signed_in_is_led_to_sign_in_and_back(browser: Browser) -> None:
    led = await browser.get("/test/some?a=b&c=d")
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Ftest%2Fsome%3Fa%3Db%26c%3Dd")
    form = (await browser.get(led.headers["location"])).text
    assert 'value="/test/some?a=b&amp;c=d"' in form
    led = await browser.post("/sign-in", {"email": ADMIN_EMAIL, "password": PASSWORD, "next": "/test/some?a=b"})
    assert (led.status_code, led.headers["location"]) == (303, "/test/some?a=b")
    assert (await browser.get("/test/some?a=b")).text == "None"
    assert (await browser.get("/sign-in?next=/test/all")).headers["location"] == "/test/all"


async def test_htmx_leads_the_whole_page(browser: Browser) -> None:
    shown = "http://console.example/test/all?page=2"
    led = await browser.get("/test/some", HX_Request="true", HX_Current_URL=shown)
    assert (led.status_code, led.headers["hx-redirect"]) == (200, "/sign-in?next=%2Ftest%2Fall%3Fpage%3D2")
    assert led.text == ""


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/\n/evil", None, "/a\tb"]
)
def test_nobody_is_led_to_another_server(elsewhere: str | None) -> None:
    assert own_path(elsewhere) == "/"


async def test_a_cookie_is_for_this_server_alone_and_not_for_scripts(browser: Browser) -> None:
    asked = {"email": ADMIN_EMAIL, "password": PASSWORD}
    plain = (await browser.post("/sign-in", asked)).headers["set-cookie"]
    assert plain.startswith("shelftalk-session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(plain.split("; "))
    assert "Secure" not in plain
    private = await browser.post("/sign-in", asked, X_Forwarded_Proto="https")
    assert private.headers["set-cookie"].startswith("__Host-shelftalk-session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Secure"} <= set(private.headers["set-cookie"].split("; "))
    assert "Domain" not in private.headers["set-cookie"]


async def test_a_role_for_all_stores_opens_what_is_of_all_and_of_each(web: Web, browser: Browser) -> None:
    async with signed_in(web, Role.SUPPORT) as support, signed_in(web, Role.VIEWER) as viewer:
        for path in ("/test/all", "/test/some", f"/test/stores/{HERE}"):
            assert await status(support, path) == 200
            refused = await viewer.get(path)
            assert refused.status_code == 403
            assert "<h1>This is not for your role</h1>" in refused.text


async def test_a_role_in_one_store_opens_that_alone_and_of_others_there_is_nothing(web: Web, browser: Browser) -> None:
    async with signed_in(web, Role.EDITOR, HERE) as local:
        assert (await local.get(f"/test/stores/{HERE}")).text == HERE
        assert (await local.get("/test/some")).text == f"['{HERE}']"
        assert await status(local, "/test/all") == 403
        for other in (THERE, "nowhere.example", HERE.upper(), f"{HERE}%2F{THERE}", f"{HERE}%00"):
            assert await status(local, f"/test/stores/{other}") == 404, other
    async with signed_in(web, Role.VIEWER, HERE) as less:
        assert await status(less, f"/test/stores/{HERE}") == 403
        assert await status(less, f"/test/stores/{THERE}") == 404
        assert await status(less, "/test/some") == 403


async def test_a_role_that_is_taken_away_or_a_session_that_ends_is_gone_at_the_next_click(
    web: Web, browser: Browser
) -> None:
    ed = await let_in(web.services, "ed@staff.example", Role.SUPPORT)
    await sign_in(browser, ed.email)
    assert await status(browser, "/test/all") == 200
    await web.services.users.set_grants(ed.user_id, [Grant(role=Role.ADMIN, store_id=StoreId(HERE))], "test")
    assert await status(browser, "/test/all") == 403
    await web.services.users.disable(ed.user_id, "test")
    assert await status(browser, "/test/all") == 303


async def test_what_changes_something_needs_the_token_of_the_session_and_a_page_of_ours(
    web: Web, browser: Browser
) -> None:
    async with signed_in(web, Role.VIEWER) as other:
        strangers = other.csrf
    await sign_in(browser, ADMIN_EMAIL)
    path, ours = "/test/change", browser.csrf
    assert ours
    for wrong in ("", strangers, ours[:-1], ours + "x", "ö"):
        refused = await browser.post(path, {"csrf": wrong})
        assert refused.status_code == 403
        assert "<h1>This form is not good any more</h1>" in refused.text
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": str(browser.client.base_url).replace("127.0.0.1", "127.0.0.1.evil.example")},
    ):
        assert (await browser.post(path, None, **headers)).status_code == 403, headers
    assert (await browser.post(path)).status_code == 200
    assert (await browser.post(path, {"csrf": ""}, X_CSRF_Token=ours)).status_code == 200
    assert (await browser.client.post(path, json={"csrf": ours})).status_code == 403, "a form, and nothing else"
    assert (await browser.client.post(path, content=b"\xff\xfe=&&&=", headers={"X-CSRF-Token": ours})).is_success


async def test_signing_in_is_asked_by_a_page_of_ours_too(browser: Browser) -> None:
    asked = {"email": ADMIN_EMAIL, "password": PASSWORD}
    refused = await browser.post("/sign-in", asked, Sec_Fetch_Site="cross-site")
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)


async def test_forms_are_read_of_both_kinds(browser: Browser) -> None:
    await sign_in(browser, ADMIN_EMAIL)
    said = await browser.post("/test/change", {"word": " grün ", "box": ["a", "b"]})
    assert said.text.endswith(" grün ['a', 'b'] []")
    fields = {"csrf": browser.csrf, "word": "grün", "box": ["a", "b"]}
    file = {"list": ("list.csv", b"email\n", "text/csv")}
    said = await browser.client.post("/test/change", data=fields, files=file)
    assert said.text.endswith(" grün ['a', 'b'] ['list']")


async def test_pages_say_what_browsers_are_to_refuse(browser: Browser) -> None:
    await sign_in(browser, ADMIN_EMAIL)
    for path in ("/sign-in", "/test/all", "/nothing"):
        headers = (await browser.get(path)).headers
        if path == "/nothing":
            policy = headers["content-security-policy"]
            for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
                assert part in policy
            assert "unsafe" not in policy
            assert "require-trusted-types-for 'script'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("agent", "browser"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605 (KHTML) Version/18.0 Safari/605", "Safari · macOS"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8", "–"),
        ("", "–"),
    ],
)
def test_of_a_browser_its_kind_is_kept(agent: str, browser: str) -> None:
    from starlette.requests import Request

    scope = {"type": "http", "headers": [(b"user-agent", agent.encode())], "client": ("192.0.2.77", 1)}
    where = where_of(Request(scope))
    assert (where.browser, where.network) == (browser, "192.0.2.0/24")


async def test_the_log_has_who_asked_by_their_id(web: Web, browser: Browser) -> None:
    from structlog.testing import capture_logs

    await sign_in(browser, ADMIN_EMAIL)
    with capture_logs() as logs:
        await browser.get("/test/all")
    (line,) = [each for each in logs if each["event"] == "request"]
    assert line["user"] == (await web.services.users.by_email(ADMIN_EMAIL)).id
