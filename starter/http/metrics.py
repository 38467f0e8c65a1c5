"""Metrics for Prometheus. Labels are closed sets: nothing personal, and no more series than there are routes (P8)."""

import asyncio
import math
from collections.abc import Awaitable, Iterator, Sequence
from typing import TypeVar

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.registry import Collector

from activities.intake.deliveries import Receipt
from activities.postgres.away import POSTGRES_AWAY
from schemas.responses.delays import LegFigures
from starter.ops.backlog import Backlog
from starter.reporting.delays import DelayReports

Answer = TypeVar("Answer")

ASK_LIMIT_SECONDS = 3.0
"""Of each question: Prometheus gives a scrape ten seconds, and our own figures are
answered even when PostgreSQL does not answer."""
METHODS = {"GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE"}
REFUSED = "refused"
"""Beside the receipts: a delivery whose signature is wrong."""


class _Delays(Collector):
    """How long alerts took lately: a summary of that time alone, so without sum and count, which only ever grow."""

    def __init__(self) -> None:
        self.legs: Sequence[LegFigures] = ()

    def collect(self) -> Iterator[Metric]:
        """For each leg that anybody went."""
        found = Metric(
            "shelftalk_alert_delay_seconds", "Time that each leg of an alert took, of the last hour", "summary"
        )
        for leg in self.legs:
            for quantile, seconds in (("0.5", leg.p50), ("0.95", leg.p95)):
                if seconds is not None:
                    found.add_sample(found.name, {"leg": leg.leg, "quantile": quantile}, seconds)
        yield found


class Metrics:
    """The counters of one application, and how to read those that PostgreSQL keeps."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "shelftalk_http_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "shelftalk_http_request_seconds",
            "Time from a request's first byte to the end of its answer",
            ["method", "route"],
            registry=self._registry,
        )
        self._deliveries = Counter(
            "shelftalk_deliveries",
            "Webhooks by what became of them",
            ["source", "receipt"],
            registry=self._registry,
        )
        trapped = "Sign-ups that filled in what people do not see"
        self._trapped = Counter("shelftalk_trapped_sign_ups", trapped, registry=self._registry)
        self._database_up = Gauge(
            "shelftalk_database_up", "1 when PostgreSQL answered this scrape", registry=self._registry
        )
        self._outbox = Gauge(
            "shelftalk_outbox_calls",
            "Calls that Temporal has not heard yet; the parked ones wait for an operator",
            ["state"],
            registry=self._registry,
        )
        self._oldest = Gauge(
            "shelftalk_outbox_oldest_seconds", "Age of the oldest call that is not parked", registry=self._registry
        )
        self._waiting = Gauge("shelftalk_waiting_journeys", "Journeys that stand in line", registry=self._registry)
        self._stopped_senders = Gauge(
            "shelftalk_stopped_senders",
            "Senders that are at fault: nothing leaves by them until somebody mends that",
            registry=self._registry,
        )
        self._long_lines = Gauge(
            "shelftalk_long_lines", "Lines that have grown past the number of their list", registry=self._registry
        )
        self._silent_stores = Gauge(
            "shelftalk_silent_stores",
            "Stores that send nothing for far longer than they ever do",
            registry=self._registry,
        )
        self._delays = _Delays()
        self._registry.register(self._delays)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is the template, never the address that was asked for."""
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def delivery(self, source: str, receipt: Receipt | None) -> None:
        """Count one webhook; no receipt: refused for its signature."""
        self._deliveries.labels(source, receipt or REFUSED).inc()

    def trapped_sign_up(self) -> None:
        """Count one sign-up that filled in what people do not see."""
        self._trapped.inc()

    async def page(self, backlog: Backlog, delays: DelayReports) -> bytes:
        """Everything, in Prometheus' text format. What PostgreSQL does not tell now is NaN."""
        figures = await _asked(backlog.figures())
        # Apart: were they slow to add up, PostgreSQL would not be away.
        self._delays.legs = await _asked(delays.lately()) or ()
        self._database_up.set(figures is not None)
        self._outbox.labels("due").set(figures.due if figures else math.nan)
        self._outbox.labels("parked").set(figures.parked if figures else math.nan)
        self._oldest.set(figures.oldest_seconds if figures else math.nan)
        self._waiting.set(figures.waiting if figures else math.nan)
        self._stopped_senders.set(figures.stopped_senders if figures else math.nan)
        self._long_lines.set(figures.long_lines if figures else math.nan)
        self._silent_stores.set(figures.silent_stores if figures else math.nan)
        return generate_latest(self._registry)


async def _asked(question: Awaitable[Answer]) -> Answer | None:
    """What PostgreSQL answers; None: nothing in time."""
    try:
        async with asyncio.timeout(ASK_LIMIT_SECONDS):
            return await question
    except POSTGRES_AWAY:
        return None


def routes(metrics: Metrics, backlog: Backlog, delays: DelayReports) -> APIRouter:
    """`GET /metrics`."""
    router = APIRouter(tags=["operations"])

    async def tell() -> Response:
        return Response(await metrics.page(backlog, delays), media_type=CONTENT_TYPE_LATEST)

    router.add_api_route(
        "/metrics",
        tell,
        summary="Metrics in Prometheus' text format",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )
    return router
