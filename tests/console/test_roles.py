"""Every route of the console against every role, from the routers' own tables: a new route fails until it is named."""

import httpx
from fastapi.routing import APIRoute

from schemas.responses.users import Role
from starter.http.console.access import SAFE, ConsoleRoute, OpenRoute
from starter.http.console.app import ROUTERS
from tests.console.browsing import Browser, browsing, signed_in
from tests.http.web import Web

OF_ONE_STORE = "the role in the store that its path names"
OF_ALL = "the role in all stores"
SOMEWHERE = "the role in any store, and what it shows is of those alone"
NAMED: dict[str, tuple[Role, str]] = {
    "GET /": (Role.VIEWER, SOMEWHERE),
    "GET /operations": (Role.SUPPORT, SOMEWHERE),
    "GET /operations/approvals": (Role.SUPPORT, SOMEWHERE),
    "POST /operations/approvals": (Role.PUBLISHER, SOMEWHERE),
    "GET /operations/approvals/letter": (Role.SUPPORT, SOMEWHERE),
    "GET /operations/stopped": (Role.SUPPORT, SOMEWHERE),
    "POST /operations/stopped": (Role.PUBLISHER, SOMEWHERE),
    "GET /operations/delays": (Role.SUPPORT, SOMEWHERE),
    "GET /operations/deliveries": (Role.SUPPORT, SOMEWHERE),
    "GET /operations/bulk": (Role.SUPPORT, OF_ALL),
    "POST /operations/bulk": (Role.PUBLISHER, OF_ALL),
    "GET /operations/senders": (Role.ADMIN, OF_ALL),
    "POST /operations/senders": (Role.ADMIN, OF_ALL),
    "GET /operations/findings": (Role.ADMIN, OF_ALL),
    "POST /operations/findings": (Role.ADMIN, OF_ALL),
    "GET /operations/backlog": (Role.ADMIN, OF_ALL),
    "POST /operations/backlog": (Role.ADMIN, OF_ALL),
    "GET /operations/upkeep": (Role.ADMIN, OF_ALL),
    "POST /operations/upkeep": (Role.ADMIN, OF_ALL),
    "GET /operations/settings": (Role.ADMIN, OF_ALL),
    "POST /sign-out": (Role.VIEWER, SOMEWHERE),
    "GET /account": (Role.VIEWER, SOMEWHERE),
    "POST /account": (Role.VIEWER, SOMEWHERE),
    "POST /account/password": (Role.VIEWER, SOMEWHERE),
    "POST /account/sessions/end": (Role.VIEWER, SOMEWHERE),
    "GET /account/second-factor": (Role.VIEWER, SOMEWHERE),
    "POST /account/second-factor/app": (Role.VIEWER, SOMEWHERE),
    "GET /account/second-factor/app": (Role.VIEWER, SOMEWHERE),
    "POST /account/second-factor/app/confirm": (Role.VIEWER, SOMEWHERE),
    "POST /account/second-factor/recovery-codes": (Role.VIEWER, SOMEWHERE),
    "POST /account/second-factor/passkeys/options": (Role.VIEWER, SOMEWHERE),
    "POST /account/second-factor/passkeys": (Role.VIEWER, SOMEWHERE),
    "POST /account/second-factor/passkeys/remove": (Role.VIEWER, SOMEWHERE),
    "POST /account/second-factor/off": (Role.VIEWER, SOMEWHERE),
    "GET /contacts": (Role.SUPPORT, SOMEWHERE),
    "POST /contacts": (Role.SUPPORT, SOMEWHERE),
    "GET /contacts/{contact}": (Role.SUPPORT, SOMEWHERE),
    "POST /contacts/{contact}/attributes": (Role.SUPPORT, SOMEWHERE),
    "POST /contacts/{contact}/tags": (Role.SUPPORT, SOMEWHERE),
    "POST /contacts/{contact}/consent": (Role.SUPPORT, SOMEWHERE),
    "POST /contacts/{contact}/suppression": (Role.SUPPORT, SOMEWHERE),
    "POST /contacts/{contact}/pause": (Role.SUPPORT, SOMEWHERE),
    "GET /contacts/{contact}/erase": (Role.ADMIN, OF_ALL),
    "POST /contacts/{contact}/erase": (Role.ADMIN, OF_ALL),
    "GET /journeys/{journey}": (Role.SUPPORT, SOMEWHERE),
    "GET /journeys/{journey}/messages/{message}": (Role.SUPPORT, SOMEWHERE),
    "POST /journeys/{journey}/cancel": (Role.SUPPORT, SOMEWHERE),
    "GET /journeys/{journey}/repair": (Role.SUPPORT, SOMEWHERE),
    "POST /journeys/{journey}/repair": (Role.SUPPORT, SOMEWHERE),
    "GET /conversations": (Role.VIEWER, SOMEWHERE),
    "GET /conversations/new": (Role.EDITOR, SOMEWHERE),
    "POST /conversations/new": (Role.EDITOR, SOMEWHERE),
    "GET /conversations/new/alert": (Role.EDITOR, SOMEWHERE),
    "POST /conversations/new/alert": (Role.EDITOR, SOMEWHERE),
    "GET /conversations/{name}": (Role.VIEWER, SOMEWHERE),
    "POST /conversations/{name}": (Role.EDITOR, SOMEWHERE),
    "POST /conversations/{name}/check": (Role.EDITOR, SOMEWHERE),
    "POST /conversations/{name}/undo": (Role.EDITOR, SOMEWHERE),
    "POST /conversations/{name}/preview": (Role.EDITOR, SOMEWHERE),
    "GET /conversations/{name}/yaml": (Role.VIEWER, SOMEWHERE),
    "POST /conversations/{name}/yaml": (Role.EDITOR, SOMEWHERE),
    "POST /conversations/{name}/yaml/check": (Role.EDITOR, SOMEWHERE),
    "GET /conversations/{name}/versions": (Role.VIEWER, SOMEWHERE),
    "POST /conversations/{name}/rollback": (Role.PUBLISHER, SOMEWHERE),
    "GET /conversations/{name}/analytics": (Role.VIEWER, SOMEWHERE),
    "GET /conversations/{name}/analytics/people": (Role.SUPPORT, SOMEWHERE),
    "GET /conversations/{name}/publish": (Role.VIEWER, SOMEWHERE),
    "POST /conversations/{name}/publish": (Role.PUBLISHER, SOMEWHERE),
    "GET /conversations/{name}/operations/{operation}": (Role.VIEWER, SOMEWHERE),
    "POST /conversations/{name}/operations/{operation}/cancel": (Role.PUBLISHER, SOMEWHERE),
    "POST /conversations/{name}/pause": (Role.PUBLISHER, SOMEWHERE),
    "POST /conversations/{name}/resume": (Role.PUBLISHER, SOMEWHERE),
    "POST /conversations/{name}/retire": (Role.PUBLISHER, SOMEWHERE),
    "GET /conversations/{name}/test": (Role.VIEWER, SOMEWHERE),
    "POST /conversations/{name}/test": (Role.EDITOR, SOMEWHERE),
    "GET /conversations/{name}/test/recorded": (Role.EDITOR, SOMEWHERE),
    "GET /lines": (Role.VIEWER, SOMEWHERE),
    "GET /lines/export.csv": (Role.VIEWER, SOMEWHERE),
    "GET /lines/{store:id}/import": (Role.PUBLISHER, OF_ONE_STORE),
    "POST /lines/{store:id}/import": (Role.PUBLISHER, OF_ONE_STORE),
    "GET /lines/{store:id}/{level}/{thing:id}": (Role.VIEWER, OF_ONE_STORE),
    "POST /lines/{store:id}/{level}/{thing:id}/call": (Role.PUBLISHER, OF_ONE_STORE),
    "POST /lines/{store:id}/{level}/{thing:id}/pause": (Role.PUBLISHER, OF_ONE_STORE),
    "GET /lines/{store:id}/{level}/{thing:id}/resume": (Role.PUBLISHER, OF_ONE_STORE),
    "POST /lines/{store:id}/{level}/{thing:id}/resume": (Role.PUBLISHER, OF_ONE_STORE),
    "GET /lines/{store:id}/{level}/{thing:id}/move": (Role.PUBLISHER, OF_ONE_STORE),
    "POST /lines/{store:id}/{level}/{thing:id}/move": (Role.PUBLISHER, OF_ONE_STORE),
    "POST /lines/{store:id}/{level}/{thing:id}/successor": (Role.PUBLISHER, OF_ONE_STORE),
    "GET /stores": (Role.VIEWER, SOMEWHERE),
    "GET /stores/{store:id}": (Role.VIEWER, OF_ONE_STORE),
    "POST /stores/{store:id}/sync": (Role.ADMIN, OF_ONE_STORE),
    "POST /stores/{store:id}/webhooks": (Role.ADMIN, OF_ONE_STORE),
    "POST /stores/{store:id}/quiet": (Role.ADMIN, OF_ONE_STORE),
    "GET /reports": (Role.VIEWER, SOMEWHERE),
    "GET /reports/messages": (Role.VIEWER, SOMEWHERE),
    "GET /reports/delays": (Role.VIEWER, SOMEWHERE),
    "GET /reports/experiments": (Role.VIEWER, SOMEWHERE),
    "GET /reports/coupons": (Role.VIEWER, SOMEWHERE),
    "GET /users/keys": (Role.ADMIN, OF_ALL),
    "POST /users/keys": (Role.ADMIN, OF_ALL),
    "POST /users/keys/revoke": (Role.ADMIN, OF_ALL),
    "GET /users/audit": (Role.ADMIN, OF_ALL),
    "GET /users": (Role.ADMIN, OF_ALL),
    "GET /users/new": (Role.ADMIN, OF_ALL),
    "POST /users/new": (Role.ADMIN, OF_ALL),
    "GET /users/{user}": (Role.ADMIN, OF_ALL),
    "POST /users/{user}/roles": (Role.ADMIN, OF_ALL),
    "POST /users/{user}/link": (Role.ADMIN, OF_ALL),
    "POST /users/{user}/second-factor": (Role.ADMIN, OF_ALL),
    "GET /users/{user}/erase": (Role.ADMIN, OF_ALL),
    "POST /users/{user}/erase": (Role.ADMIN, OF_ALL),
    "POST /users/{user}/disable": (Role.ADMIN, OF_ALL),
    "POST /users/{user}/enable": (Role.ADMIN, OF_ALL),
}
"""Which role opens each, and where one must have it."""
OPEN = {
    "GET /sign-in",
    "POST /sign-in",
    "GET /sign-in/code",
    "POST /sign-in/code",
    "POST /sign-in/passkey",
    "POST /sign-in/passkey/options",
    "POST /sign-in/code/passkey",
    "POST /sign-in/code/passkey/options",
    "GET /sign-in/identity",
    "GET /sign-in/identity/back",
    "GET /link/{token}",
    "POST /link/{token}",
    "GET /console/{digest}/{name}",
}
"""For whoever is not signed in."""
STORE = "here.example"


def routes() -> dict[str, APIRoute]:
    """Every route of the console by its method and path."""
    found = [route for router in ROUTERS for route in router.routes]
    assert all(isinstance(route, APIRoute) for route in found)
    return {
        f"{method} {route.path}": route
        for route in found
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    }


def where(route: ConsoleRoute) -> str:
    if "{store" in route.path:
        return OF_ONE_STORE
    return SOMEWHERE if route.somewhere else OF_ALL


def test_every_route_is_named_with_the_role_that_opens_it() -> None:
    declared = {name: (each.role, where(each)) for name, each in routes().items() if isinstance(each, ConsoleRoute)}
    assert declared == NAMED


def test_what_needs_nobody_signed_in_is_named_too() -> None:
    assert {name for name, each in routes().items() if not isinstance(each, ConsoleRoute)} == OPEN
    kinds = {type(each) for name, each in routes().items() if name in OPEN and "/console/" not in name}
    assert kinds == {OpenRoute}


async def asked(browser: Browser, name: str, store: str = STORE) -> httpx.Response:
    """The answer of a route; where it changes something, to a form that has no token."""
    method, _, path = name.partition(" ")
    address = path.replace("{store:id}", store).replace("{store}", store).replace("{", "").replace("}", "")
    if method in SAFE:
        return await browser.get(address)
    return await browser.post(address, {"csrf": "x"})


async def test_each_role_opens_what_is_for_it_and_nothing_else(web: Web) -> None:
    """A form without its token is refused as stale, and only after the role was looked at: so nothing is changed."""
    for role in Role:
        for store in (None, STORE):
            async with signed_in(web, role, store) as browser:
                for name, (needed, place) in NAMED.items():
                    opens = role.includes(needed) and (store is None or place != OF_ALL)
                    answer = await asked(browser, name)
                    assert ("This is not for your role" in answer.text) is not opens, (role, store, name)
                    assert answer.status_code == 403 or name.startswith("GET "), (name, answer.status_code)


async def test_of_another_store_nothing_is_answered(web: Web) -> None:
    async with signed_in(web, Role.ADMIN, STORE) as browser:
        for name, (_, place) in NAMED.items():
            if place == OF_ONE_STORE:
                assert (await asked(browser, name, "there.example")).status_code == 404, name


async def test_who_is_not_signed_in_opens_nothing(web: Web) -> None:
    async with browsing(web.url) as nobody:
        for name in NAMED:
            assert (await asked(nobody, name)).status_code == 303, name
