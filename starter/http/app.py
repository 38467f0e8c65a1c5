"""The HTTP application: its routers, its error handlers and its middleware. Handlers only call services."""

from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from activities.providers.registry import Providers
from activities.storefronts.registry import Storefronts
from activities.waitlist.work import WorkBounds
from schemas.settings import Settings
from starter.http import health, metrics
from starter.http.api import (
    alerts,
    connections,
    consents,
    contacts,
    conversations,
    coupons,
    dry_runs,
    events,
    forecasts,
    journeys,
    line_moves,
    lines,
    previews,
    publishing,
    repairs,
    reports,
    revocations,
    stores,
    successors,
    versions,
)
from starter.http.beats import Beats
from starter.http.codec import codec_routes
from starter.http.console.app import ROUTERS as CONSOLE
from starter.http.dependencies import Dependencies, provide
from starter.http.errors import ANSWERED, answer
from starter.http.limits import BodyLimit, HeadLimit, MinuteLimit, SignUpCaps, SignUpLimit
from starter.http.paths import SlashesInIds
from starter.http.problems import Problem
from starter.http.public import klaviyo, links, notify_me, shoppers, signups, views, webhooks
from starter.http.request_log import RequestLog
from starter.http.turns import Turns
from starter.http.wrong_keys import WrongKeys
from starter.services import Services

_DESCRIPTION = """Shelftalk's API. Webhooks are signed by their sender and sign-ups are open; everything else under
`/v1` needs an API key. Every error is a problem after RFC 9457, as `application/problem+json`."""

_ROUTERS = (
    webhooks.router,
    signups.router,
    klaviyo.router,
    views.router,
    notify_me.router,
    links.router,
    shoppers.router,
    events.router,
    connections.router,
    consents.router,
    contacts.router,
    stores.router,
    forecasts.router,
    coupons.router,
    journeys.router,
    line_moves.router,
    lines.router,
    successors.router,
    conversations.router,
    dry_runs.router,
    previews.router,
    publishing.router,
    versions.router,
    alerts.router,
    reports.router,
    revocations.router,
    repairs.router,
    health.router,
    *CONSOLE,
)
"""In the order in which /openapi.json lists them."""


SIGN_UPS_SHARE = 4
"""Sign-ups use a quarter of the database's connections at once: more of them only wait for each other's locks."""
SIGN_UPS_WAITING = 2000
"""A restock told to many people brings hundreds within a second; as many as this are taken in half a minute."""
VIEWS_SHARE, VIEWS_WAITING = 8, 1000
"""Of what browsers tell by themselves, which waits behind nobody who signs up, and nobody behind it."""
SIGN_UP_WAITS_SECONDS = 30.0
"""How long a shopper's page is kept waiting before it is told to try again; proxies wait for a minute."""


class Application(FastAPI):
    """FastAPI, whose OpenAPI document has the schema of our problems too.

    It has no page of documentation, which would load scripts from elsewhere; /openapi.json opens in any tool.
    """

    def openapi(self) -> dict[str, Any]:
        schema = super().openapi()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs", {}) | {"Problem": problem}
        return schema


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Every route but the metrics', which are the same for all applications of a process.

    FastAPI reads what a route declares at its first request, which takes a third of a second for all of them.
    """
    together = APIRouter()
    for router in _ROUTERS:
        together.include_router(router)
    return tuple(together.routes)


def create_app(services: Services, settings: Settings, storefronts: Storefronts | None = None) -> FastAPI:
    """The application over these services. It owns none of them: whoever opened them closes them.

    Args:
        storefronts: those whose webhooks are taken; by default every one there is.

    Raises:
        ValueError: a provider's setting is invalid; the text names it.
    """
    app = Application(
        title="Shelftalk",
        version=version("shelftalk"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=list(_routes()),
    )
    counted = metrics.Metrics()
    provide(
        app,
        Dependencies(
            services=services,
            second_factor_required=settings.second_factor_required,
            identity_name=settings.oidc_name,
            storefronts=Storefronts() if storefronts is None else storefronts,
            public_url=settings.public_url,
            providers=Providers.from_settings(settings),
            sign_up_limit=SignUpLimit(settings.signups_per_minute),
            link_limit=SignUpLimit(shoppers.LINKS_PER_MINUTE),
            view_limit=SignUpLimit(views.VIEWS_PER_MINUTE),
            sign_up_turns=Turns(settings.database_pool // SIGN_UPS_SHARE, SIGN_UPS_WAITING, SIGN_UP_WAITS_SECONDS),
            view_turns=Turns(settings.database_pool // VIEWS_SHARE or 1, VIEWS_WAITING, SIGN_UP_WAITS_SECONDS),
            sign_up_caps=SignUpCaps(settings.signups_per_mailbox, settings.signups_per_network),
            work_bounds=WorkBounds.from_settings(settings),
            beats=Beats(),
            test_limit=MinuteLimit(previews.TESTS_A_MINUTE),
            test_turns=Turns(previews.TESTS_AT_ONCE, previews.TESTS_WAITING, previews.TEST_WAITS_SECONDS),
            metrics=counted,
            wrong_keys=WrongKeys(services.keys.valid_digests),
        ),
    )
    app.include_router(metrics.routes(counted, services.backlog, services.delays))
    if settings.temporal_keys:
        app.include_router(codec_routes(settings.temporal_ui))
    for error in ANSWERED:
        app.add_exception_handler(error, answer)
    _around(app, settings, counted)
    return app


def _around(app: FastAPI, settings: Settings, counted: metrics.Metrics) -> None:
    """What sees requests before routes do, and answers after them."""
    # Added last is outermost: the request log sees every request, also those that the others answer.
    app.add_middleware(SlashesInIds)
    app.add_middleware(HeadLimit)
    app.add_middleware(BodyLimit, most=settings.http_max_body)
    app.add_middleware(signups.OpenToShops, paths=(signups.PATH, views.PATH, klaviyo.PATH, f"{klaviyo.PATH}/"))
    app.add_middleware(RequestLog, metrics=counted)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=[str(each) for each in settings.http_trusted_proxies])
