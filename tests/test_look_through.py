"""The look through what is left of a run sees who is in it, wherever that is, and fails the run."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from temporalio.client import Client

from schemas.settings import Settings
from starter.devstack.temporal import EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from tests.cli.command import ROOT
from tests.folders import folder
from tests.look_through import found, look_at, look_at_folders, people_in
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
    ],
)
def test_addresses_numbers_and_names_are_seen(said: bytes) -> None:
    assert len(people_in(said)) == 1


@pytest.mark.parametrize(
    "said", [b"back-in-stock@2", b"at back-in-stock@2.", b"2026-11-30T09:00:00+00:00", b"+90 s", b"j-1@", b"Steven"]
)
def test_versions_and_times_are_nobody(said: bytes) -> None:
    assert people_in(said) == []


def test_who_is_seen_is_told_by_shape() -> None:
    with seen() as told:
        look_at("here", f"ada@example.com {NUMBER}")
    assert told == ["here: xxx@xxxxxxx.xxx", "here: +99999999999"]


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
