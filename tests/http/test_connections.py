"""How a store's connection is, by the API."""

from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.responses.connections import ConnectionReport
from tests.http.conftest import web_over
from tests.http.web import SETTINGS, Web, problem

SOURCE = "open"
"""Stores of it tell by webhook alone."""
PUBLIC = SETTINGS.model_copy(update={"public_url": "https://alerts.example"})


async def test_a_connection_is_shown_and_its_secret_never(pool: Pool, nowhere: Client) -> None:
    async with web_over(pool, nowhere, PUBLIC) as web:
        made = await web.services.connections.connect(SOURCE, {"store": "Own.example"}, "test")
        answer = await web.keyed.get("/v1/stores/own.example/connection")
        shown = ConnectionReport.model_validate_json(answer.content)
        assert (shown.store, shown.source, shown.limits, shown.problems) == ("own.example", SOURCE, None, ())
        assert made.made_secret is not None
        assert made.made_secret not in answer.text


async def test_a_store_that_is_not_connected_has_none(web: Web) -> None:
    problem(await web.keyed.get("/v1/stores/nowhere.example/connection"), 404, "not-found")
