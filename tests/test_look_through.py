"""The look through what is left of a run sees who is in it, wherever that is, and fails the run."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory

from activities.archive.archive import SealedHistory
from activities.archive.postgres import PostgresArchive
from activities.archive.sealed import seal
from activities.postgres.pool import Pool, open_pool
from schemas.ids import JourneyId
from schemas.settings import Settings
from starter.devstack.temporal import EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from starter.http.metrics import Metrics, routes
from starter.ops.backlog import Backlog
from starter.reporting.delays import DelayReports
from starter.runtime.ports import free_port
from tests.cli.command import ROOT
from tests.folders import folder
from tests.look_through import found, look_at, look_at_folders, look_at_metrics, look_at_what_stays, people_in
from worker import connect

NUMBER = "+12025550123"


@contextmanager
def seen() -> Generator[list[str]]:
    """What is seen in the block, which fails no run."""
    before = len(found)
    new: list[str] = []
    try:
        yield new
    finally:
        new += found[before:]
        del found[before:]


@pytest.mark.parametrize(
    "said",
    [
        b"to ada@example.com",
        b'{"email":"ada.b+c@shop.example"}',
        b"\x0a\x11ada@example.com\x12",
        b"%2B is +4915123456789",
        b"dear Annabella,",
        b"GET /v1/webhooks/vonage?msisdn=447700900001&text=stop",
        b"https://api.provider.example/numbers/12025550123",
        b"to 4915123456789.",
    ],
)
def test_addresses_numbers_and_names_are_seen(said: bytes) -> None:
    assert len(people_in(said)) == 1


@pytest.mark.parametrize(
    "said",
    [
        *(b"back-in-stock@2", b"at back-in-stock@2.", b"2026-11-30T09:00:00+00:00", b"+90 s", b"j-1@", b"Steven"),
        *(b"/products/7982905098262?at=1764417631000", b"gid://shopify/Order/820982911946154508", b"10000000000"),
        *(b"1202555012312", b"3412025550123"),
    ],
)
def test_versions_times_and_ids_are_nobody(said: bytes) -> None:
    assert people_in(said) == []


def test_who_is_seen_is_told_by_shape() -> None:
    with seen() as told:
        look_at("here", f"ada@example.com {NUMBER}")
    assert told == ["here: xxx@xxxxxxx.xxx", "here: +99999999999"]


async def test_in_a_metric_somebody_is_seen(database_url: str) -> None:
    counted = Metrics()
    counted.request("GET", "/v1/contacts/ada@example.com", 200, 0.1)
    app = FastAPI()
    async with opened(database_url) as pool:
        app.include_router(routes(counted, Backlog(pool), DelayReports(pool)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as web:
            with seen() as told:
                await look_at_metrics(web)
    assert set(told) == {"metrics: xxx@xxxxxxx.xxx"}


async def test_in_the_address_of_a_request_somebody_is_seen_with_and_without_a_client() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with seen() as told:
        async with httpx.AsyncClient() as web:
            with pytest.raises(httpx.ConnectError):
                await web.get(nobody, params={"email": "ada@example.com"})
        async with httpx.AsyncHTTPTransport() as transport:
            with pytest.raises(httpx.ConnectError):
                await transport.handle_async_request(httpx.Request("POST", f"{nobody}/to/%2B12025550123"))
            with pytest.raises(httpx.ConnectError):
                await transport.handle_async_request(httpx.Request("GET", f"{nobody}/sms?msisdn=12025550123&id=7"))
    assert told == [
        "address of a request, GET 127.0.0.1: xxx@xxxxxxx.xxx",
        "address of a request, POST 127.0.0.1: +99999999999",
        "address of a request, GET 127.0.0.1: 99999999999",
    ]


async def test_in_what_stays_in_a_database_somebody_is_seen(database_url: str) -> None:
    """In a row of the audit, in an archived history, and in one that is damaged."""
    event = HistoryEvent(event_id=1)
    event.workflow_execution_signaled_event_attributes.identity = "ada@example.com"
    packed = seal(JourneyId("j-1"), "run-1", WorkflowHistory("journey/j-1", [event]))
    assert people_in(packed.content) == []
    async with opened(database_url) as pool:
        await pool.execute("insert into audit (actor, action) values ('bo@example.com', 'look')")
        archive = PostgresArchive(pool)
        await archive.put(packed)
        await archive.put(SealedHistory(JourneyId("j-2"), "run-2", 1, b"damaged, of +12025550123"))
        with seen() as told:
            await look_at_what_stays(pool)
    assert sorted(told) == [
        "table audit: xx@xxxxxxx.xxx",
        "table histories: +99999999999",
        "table histories: xxx@xxxxxxx.xxx",
    ]


async def test_a_table_that_is_not_there_is_no_table_in_which_nobody_is(database_url: str) -> None:
    async with opened(database_url) as pool:
        await pool.execute("alter table audit rename to audits")
        with pytest.raises(asyncpg.UndefinedTableError, match="audit"):
            await look_at_what_stays(pool)


@asynccontextmanager
async def opened(database_url: str) -> AsyncGenerator[Pool]:
    """A pool on a database that is not looked at when the test ends."""
    pool = await open_pool(database_url, 2)
    yield pool
    await pool.close()


async def _said_everywhere(client: Client) -> None:
    handle = await client.start_workflow(
        "Nothing", NUMBER, id="planted", task_queue="nobody", memo={"for": "ada@example.com"}
    )
    await handle.signal("told", "bo@example.com")
    await handle.terminate("ben@example.com asked for it")


async def test_in_a_temporal_everything_is_seen_with_its_workflow_and_event() -> None:
    with folder() as made, seen() as told:
        async with EmbeddedTemporal(await find_temporal(Settings(), print), made / "temporal") as server:
            await _said_everywhere(await connect(server.address, "default"))
        look_at_folders(made)
    of_events = [each for each in told if ", event " in each]
    assert all(each.startswith("namespace default, workflow planted, ") for each in of_events), told
    kinds = {(each.split()[6], each.rpartition(": ")[2]) for each in of_events}
    assert kinds == {
        ("EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:", "+99999999999"),
        ("EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:", "xxx@xxxxxxx.xxx"),
        ("EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:", "xx@xxxxxxx.xxx"),
        ("EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:", "xxx@xxxxxxx.xxx"),
    }
    assert any("executions_visibility.memo" in each for each in told), told


@pytest.mark.slow
async def test_a_run_side_by_side_in_which_somebody_is_seen_fails() -> None:
    with folder() as made:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-n", "2", "-q", "tests/planted.py", "-p", "no:cacheprovider"),
            *("--basetemp", str(made / "planted")),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT,
        )
        told, _ = await run.communicate()
    said = told.decode()
    assert run.returncode == 1, said
    assert "2 passed" in said, said
    assert "log line 'planted', before the guard: xxxxxxx@xxxxxxx.xxx" in said, said
    assert "workflow planted, event 1 EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: xxxxxxx@xxxxxxx.xxx" in said, said
