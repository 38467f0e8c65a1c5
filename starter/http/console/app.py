"""The console's routes, together: the application includes them, so that `shelftalk serve` shows them at its root.

What a service refuses, and what cannot be found, is shown to whoever asks for a page as a page.
"""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from starter.http.console import assets
from starter.http.console.access import ConsoleRoute, OpenRoute
from starter.http.console.pages import (
    alert_setup,
    analytics,
    approvals,
    audit,
    contact,
    contacts,
    conversations,
    designer,
    document_text,
    home,
    identity,
    journey,
    keys,
    line,
    line_actions,
    line_import,
    lines,
    message_previews,
    my_account,
    operations,
    passkey_sign_in,
    passkeys,
    publish,
    reports,
    run_tester,
    second_factor,
    second_step,
    sign_in,
    stores,
    users,
    versions,
)
from starter.http.console.rendering import page, words
from starter.http.problems import Refusal

ROUTERS: tuple[APIRouter, ...] = (
    assets.router,
    home.router,
    approvals.router,
    operations.router,
    analytics.router,
    contacts.router,
    contact.router,
    journey.router,
    conversations.router,
    alert_setup.router,
    designer.router,
    document_text.router,
    message_previews.router,
    versions.router,
    publish.router,
    reports.router,
    run_tester.router,
    sign_in.open_pages,
    sign_in.pages,
    second_step.pages,
    identity.pages,
    passkey_sign_in.pages,
    passkeys.pages,
    second_factor.pages,
    my_account.pages,
    keys.pages,
    audit.pages,
    users.pages,
    line.router,
    line_actions.router,
    line_import.router,
    lines.router,
    stores.router,
)
"""Of every part; each page declares the role that it is for."""
_OF_MACHINES = ("/v1/", "/client/", "/livez", "/readyz", "/metrics", "/openapi.json")


def shows_pages(request: Request) -> bool:
    """Whether what went wrong is shown as a page: on one of the console's, or where a browser found nothing."""
    route = request.scope.get("route")
    if isinstance(route, APIRoute):
        return isinstance(route, ConsoleRoute | OpenRoute)
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_OF_MACHINES)


def problem_page(request: Request, refusal: Refusal, request_id: str | None = None) -> HTMLResponse:
    """What was refused, and why. `request_id` names the log lines about it, where the fault is ours."""
    t = words(request)
    kind = refusal.kind
    name = f"frame.{kind.replace('-', '_')}"
    title, text = (t(name), t(f"{name}_text")) if t.has(f"{name}_text") else (kind.heading, refusal.detail)
    said = {"title": title, "text": text, "request_id": request_id}
    return page(
        request, "problem.html", block="page", status=kind.status, headers=kind.headers | refusal.headers, **said
    )
