"""One log line and one count per request, and the answer to what nobody expected. Nothing personal in any (P8)."""

import secrets
import time
import traceback
from http import HTTPStatus

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starter.accounts.viewer import Viewer
from starter.http.console.app import problem_page, shows_pages
from starter.http.metrics import Metrics
from starter.http.networks import client_network
from starter.http.problems import Kind, Refusal, respond
from starter.shops.keys import Holder

log = structlog.get_logger()

UNMATCHED = "unmatched"
GONE_AWAY = 499
"""Whoever asked has hung up: a status for log and metrics only, as nginx has it."""
FRAMES_SHOWN = 12
QUIET_ROUTES = {"/livez", "/readyz", "/metrics"}
"""Asked every few seconds by machines; told at debug level."""


class RequestLog:
    """ASGI middleware around everything else.

    The log has the route's template, not the address that was asked for: queries and paths may hold what a person
    typed. An unexpected exception is logged by its type and place only: its text may quote a row.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        began = time.monotonic()
        status: int | None = None

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_marked)
            except ClientDisconnect:
                status = status or GONE_AWAY
            except Exception as error:  # noqa: BLE001 the last place that can answer; it is logged
                log.error("unexpected error", error=type(error).__name__, at=_places(error))
                if status is None:
                    await _said(Request(scope), request_id)(scope, receive, send_marked)
            finally:
                self._note(scope, request_id, status or GONE_AWAY, time.monotonic() - began)

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = _template(scope.get("route"))
        self._metrics.request(scope["method"], route, status, seconds)
        tell = log.debug if route in QUIET_ROUTES else log.info
        tell(
            "request",
            request_id=request_id,
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            **_caller(scope, status),
        )


def _caller(scope: Scope, status: int) -> dict[str, str]:
    """Whose key it was and from where, so that the use of a leaked key can be traced; of shoppers nothing."""
    holder = scope.get("state", {}).get("holder")
    viewer = scope.get("state", {}).get("viewer")
    if isinstance(viewer, Viewer):
        return {"user": viewer.user_id, "network": client_network(scope.get("client"))}
    if isinstance(holder, Holder):
        return {"key": holder.name, "network": client_network(scope.get("client"))}
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS):
        return {"network": client_network(scope.get("client"))}
    return {}


def _template(route: BaseRoute | None) -> str:
    path = getattr(route, "path_format", UNMATCHED)
    return path if isinstance(path, str) else UNMATCHED


def _places(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_SHOWN:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _said(request: Request, request_id: str) -> Response:
    mistake = Refusal(
        Kind.INTERNAL,
        f"{HTTPStatus.INTERNAL_SERVER_ERROR.phrase}: the fault is ours. Tell whoever runs this server the request id.",
    )
    return problem_page(request, mistake, request_id) if shows_pages(request) else respond(mistake, request_id)
