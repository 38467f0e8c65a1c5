"""Metrics for Prometheus. Labels are closed sets: nothing personal, and no more series than there are routes (P8)."""

import asyncio
import math

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from activities.intake.deliveries import Receipt
from activities.postgres.away import POSTGRES_AWAY
from starter.ops.backlog import Backlog

ASK_LIMIT_SECONDS = 3.0
"""Prometheus gives a scrape ten seconds; our own figures are answered even when PostgreSQL does not answer."""
METHODS = {"GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE"}
REFUSED = "refused"
"""Beside the receipts: a delivery whose signature is wrong."""


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

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is the template, never the address that was asked for."""
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def delivery(self, source: str, receipt: Receipt | None) -> None:
        """Count one webhook; no receipt: refused for its signature."""
        self._deliveries.labels(source, receipt or REFUSED).inc()

    async def page(self, backlog: Backlog) -> bytes:
        """Everything, in Prometheus' text format. What PostgreSQL does not tell now is NaN."""
        try:
            async with asyncio.timeout(ASK_LIMIT_SECONDS):
                figures = await backlog.figures()
        except POSTGRES_AWAY:
            figures = None
        self._database_up.set(figures is not None)
        self._outbox.labels("due").set(figures.due if figures else math.nan)
        self._outbox.labels("parked").set(figures.parked if figures else math.nan)
        self._oldest.set(figures.oldest_seconds if figures else math.nan)
        self._waiting.set(figures.waiting if figures else math.nan)
        self._stopped_senders.set(figures.stopped_senders if figures else math.nan)
        self._long_lines.set(figures.long_lines if figures else math.nan)
        return generate_latest(self._registry)


def routes(metrics: Metrics, backlog: Backlog) -> APIRouter:
    """`GET /metrics`."""
    router = APIRouter(tags=["operations"])

    async def tell() -> Response:
        return Response(await metrics.page(backlog), media_type=CONTENT_TYPE_LATEST)

    router.add_api_route(
        "/metrics",
        tell,
        summary="Metrics in Prometheus' text format",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )
    return router
