"""What machines and ops ask: health, metrics, the API's description, and what the log says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from temporalio.client import Client

from activities.postgres.pool import Pool
from tests.http.conftest import web_over
from tests.http.web import Web, level_message, payload, problem, product_message
from tests.storefronts.shop import SHOP


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    structlog.reset_defaults()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        yield lines


async def test_it_is_ready_without_temporal_and_says_so(web: Web) -> None:
    answer = await web.open.get("/readyz")
    assert answer.status_code == 200
    said = answer.json()
    assert (said["ready"], said["postgres"]["ok"], said["temporal"]["ok"]) == (True, True, False)
    assert (await web.open.get("/livez")).json() == {"status": "alive"}


async def test_it_is_ready_with_temporal_and_says_so(pool: Pool, client: Client) -> None:
    async with web_over(pool, client) as web:
        assert (await web.open.get("/readyz")).json()["temporal"] == {"ok": True, "detail": "reachable"}


async def test_it_is_not_ready_until_the_database_is_migrated(pool: Pool, nowhere: Client) -> None:
    async with web_over(pool, nowhere) as web:
        await pool.execute("delete from migrations where number = (select max(number) from migrations)")
        answer = await web.open.get("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert "migrations" in answer.json()["postgres"]["detail"]
        await pool.execute("drop table migrations")
        assert (await web.open.get("/readyz")).status_code == 503


async def test_metrics_tell_of_requests_deliveries_outbox_and_line(web: Web) -> None:
    await web.webhook("products/update", product_message())
    await web.webhook("inventory_levels/update", level_message(0, 1), webhook_id="w")
    await web.webhook("inventory_levels/update", level_message(0, 1), webhook_id="w")
    await web.webhook("inventory_levels/update", {})
    await web.webhook("customers/update", payload("customers_update"))
    await web.open.post("/v1/webhooks/shopify", content=b"{}")
    await web.sign_up("a@example.com")
    await web.keyed.get("/v1/journeys/j-1")
    await web.open.get("/wp-login.php")
    answer = await web.open.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'shelftalk_deliveries_total{receipt="applied",source="shopify"} 2.0',
        'shelftalk_deliveries_total{receipt="repeated",source="shopify"} 1.0',
        'shelftalk_deliveries_total{receipt="malformed",source="shopify"} 1.0',
        'shelftalk_deliveries_total{receipt="ignored",source="shopify"} 1.0',
        'shelftalk_deliveries_total{receipt="refused",source="shopify"} 1.0',
        'shelftalk_http_requests_total{method="POST",route="/v1/signups",status="202"} 1.0',
        'shelftalk_http_requests_total{method="GET",route="/v1/journeys/{journey}",status="404"} 1.0',
        'shelftalk_http_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'shelftalk_http_request_seconds_count{method="POST",route="/v1/signups"} 1.0',
        'shelftalk_outbox_calls{state="due"} 1.0',
        'shelftalk_outbox_calls{state="parked"} 0.0',
        "shelftalk_waiting_journeys 1.0",
        "shelftalk_database_up 1.0",
    ):
        assert line in answer.text.splitlines()
    oldest = re.search(r"^shelftalk_outbox_oldest_seconds (\S+)$", answer.text, re.MULTILINE)
    assert oldest is not None
    assert float(oldest[1]) > 0
    assert "example.com" not in answer.text


async def test_what_is_not_there_is_a_problem_too(web: Web) -> None:
    for path in ("/docs", "/redoc", "/v1/journeys/", "/%00", "/v1/../v1/x"):
        problem(await web.keyed.get(path), 404, "not-found")
    answer = await web.keyed.delete("/v1/journeys")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


async def test_a_mistake_of_ours_is_answered_without_its_insides(web: Web, pool: Pool, logs: list[Any]) -> None:
    await web.webhook("products/update", product_message())
    await pool.execute("alter table consents rename column source to gone")
    said = problem(await web.sign_up("a@example.com"), 500, "internal")
    assert said.request_id
    assert "consents" not in said.model_dump_json()
    (line,) = [line for line in logs if line["event"] == "unexpected error"]
    assert (line["error"], line["request_id"]) == ("UndefinedColumnError", said.request_id)
    assert any("entrances.py" in place for place in line["at"])


async def test_the_log_has_ids_and_times_and_nothing_personal(
    web: Web, pool: Pool, logs: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    await web.webhook("products/update", product_message())
    await web.sign_up("a.shopper@example.com")
    await web.sign_up("not an address of a.shopper")
    await web.keyed.get("/v1/journeys", params={"store": "a.shopper@example.com"})
    await web.keyed.get("/v1/journeys/a.shopper@example.com")
    await web.keyed.post("/v1/journeys/search", json={"email": "a.shopper@example.com"})
    await pool.execute("alter table contacts add check (email not like 'b.shopper%')")
    problem(await web.sign_up("b.shopper@example.com"), 500, "internal")
    requests = [line for line in logs if line["event"] == "request"]
    assert [line["route"] for line in requests][-3:] == ["/v1/journeys/{journey}", "/v1/journeys/search", "/v1/signups"]
    assert all(line["ms"] > 0 and line["status"] and line["request_id"] for line in requests)
    assert len({line["request_id"] for line in requests}) == len(requests)
    written = capfd.readouterr()
    assert "shopper" not in f"{logs}{written.out}{written.err}"


async def test_the_description_names_every_route_with_its_problems_and_its_key(web: Web) -> None:
    schema = (await web.open.get("/openapi.json")).json()
    assert schema["components"]["securitySchemes"]["API key"]["scheme"] == "bearer"
    assert {"Problem", "FieldProblem"} <= set(schema["components"]["schemas"])
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            assert route["summary"], path
            responses = route["responses"]
            assert any(status.startswith("2") for status in responses), path
            if not path.startswith("/v1"):
                continue
            open_to_all = path in ("/v1/webhooks/{source}", "/v1/signups", "/v1/views")
            scopes = [scope for scheme in route.get("security", []) for scope in scheme["API key"]]
            assert len(scopes) == (0 if open_to_all else 1), path
            assert {"500", "503"} <= set(responses), path
            assert ("401" in responses) == (path not in ("/v1/signups", "/v1/views")), path
            for status, response in responses.items():
                if status.startswith(("4", "5")):
                    assert response["content"] == {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    }, (path, method, status)
                elif status != "204":
                    assert response["content"], path
                    assert all(content["schema"] for content in response["content"].values()), path


async def test_references_in_the_description_lead_somewhere(web: Web) -> None:
    text = (await web.open.get("/openapi.json")).text
    schemas = (await web.open.get("/openapi.json")).json()["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/([\w-]+)", text)) <= set(schemas)
    assert SHOP.split(".")[0] in text
