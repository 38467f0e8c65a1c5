"""`shelftalk up` as a process: used from a second terminal, stopped, started again, and refused."""

import asyncio
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.journey.path import JourneyPath
from schemas.responses.journeys import JourneyPage, JourneyReport, JourneyStatus
from schemas.responses.keys import Scope
from schemas.responses.stock import VariantReport
from schemas.responses.versions import VersionList
from starter.commands.keys import KeyList, NewKey
from starter.commands.shop import Product
from starter.commands.terminal.output import ExitCode
from starter.commands.up import WhereItIs
from starter.ops.findings import Checkup
from starter.runtime.endpoints import endpoints_file
from tests.cli.command import PATIENCE, Shelftalk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHELF = ("--store", "example.myshopify.com", "--variant", "v")
PRODUCT = ("product", "set", "p", "--store", SHELF[1], "--title", "Kettle", "--variant", "v=Blue")
ROUNDS = 20
"""Enough to see an abort at exit that happens one time in ten."""


def _open_to_others(path: Path) -> str:
    """What others than its account may do; of a folder its group may pass through, which is PostgreSQL's for root."""
    mode = path.lstat().st_mode
    allowed = stat.S_IXGRP if stat.S_ISDIR(mode) else 0
    return "" if stat.S_ISLNK(mode) or not mode & 0o077 & ~allowed else stat.filemode(mode)


def _modes(folder: Path) -> dict[Path, int]:
    return {each: each.stat().st_mode for each in (folder, *folder.parents)}


async def test_a_second_terminal_finds_it_and_a_sign_up_made_before_a_restart_is_told_after_it(
    shelftalk: Shelftalk, tmp_path: Path, left_running: Callable[[], list[str]]
) -> None:
    data = tmp_path / "data"
    above = _modes(data.parent)
    up = await shelftalk.start("up", "--json")
    where = await up.said(WhereItIs)
    for private in (Path(where.api_key_file), endpoints_file(data)):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert {path: _open_to_others(path) for path in (data, *data.rglob("*")) if _open_to_others(path)} == {}
    assert _modes(data.parent) == above
    key = Path(where.api_key_file).read_text()
    published = (await shelftalk.run("conversation", "versions", "back-in-stock", "--json")).answer(VersionList)
    assert [each.published_by for each in published.versions] == ["shelftalk up"]
    (await shelftalk.run(*PRODUCT, "--json")).answer(Product)
    first = (await shelftalk.run("signup", "first@example.com", *SHELF, "--json")).answer(JourneyReport)
    again = (await shelftalk.run("signup", "First@Example.com", *SHELF, "--json")).answer(JourneyReport)
    assert (again.journey_id, first.ahead) == (first.journey_id, 0)
    assert (await shelftalk.run("doctor", "--json")).answer(Checkup).ok

    stopped = await up.stop()
    assert (stopped.code, left_running()) == (ExitCode.OK, [])
    assert "Everything is kept" in stopped.err
    assert (await shelftalk.run("journey", "list", "--json")).failure.code == "not_configured"

    up = await shelftalk.start("up", "--json")
    assert Path((await up.said(WhereItIs)).api_key_file).read_text() == key
    (await shelftalk.run("stock", "set", "1", *SHELF, "--json")).answer(VariantReport)
    told = await _until_told(shelftalk, first.journey_id)
    assert told.ending is None
    assert [mail for mail in (data / "mail").glob("*.eml") if b"To: first@example.com" in mail.read_bytes()]
    assert (await up.stop(signal.SIGINT)).code == ExitCode.OK
    assert "first@" not in (data / "shelftalk.log").read_text()


async def test_every_question_has_an_answer_and_the_right_exit_code(shelftalk: Shelftalk) -> None:
    up = await shelftalk.start("up", "--json")
    await up.said(WhereItIs)
    await shelftalk.run(*PRODUCT)
    assert (
        await shelftalk.run("signup", "x@example.com", "--store", "s", "--variant", "v", "--json")
    ).failure.code == "unknown_variant"
    ids = [
        (await shelftalk.run("signup", f"{name}@example.com", *SHELF, "--json")).answer(JourneyReport).journey_id
        for name in ("first", "second")
    ]
    listed = (await shelftalk.run("journey", "list", "--status", "waiting", "--json")).answer(JourneyPage)
    assert [journey.journey_id for journey in listed.journeys] == ids[::-1]
    found = (await shelftalk.run("journey", "list", "--email", "first@example.com", "--json")).answer(JourneyPage)
    assert [journey.journey_id for journey in found.journeys] == ids[:1]
    await shelftalk.run("stock", "set", "1", *SHELF)
    await _until_told(shelftalk, ids[0])

    async with asyncio.timeout(PATIENCE):
        while (await _path(shelftalk, ids[0])).entries[-1].step != "pause":
            pass  # the database knows of a message a moment before the history does
    # Every one uses Temporal's native threads, which must not reach the exit code.
    for _ in range(ROUNDS):
        path = await _path(shelftalk, ids[0])
        assert [entry.step for entry in path.entries] == ["waiting-list", "it-is-back", "pause"]
        missed = await shelftalk.run("journey", "replay", "j-none", "--json")
        assert missed.failure.code == "no_such_journey"
    table = (await shelftalk.run("journey", "replay", ids[0])).out
    assert "called forward" in table
    assert "sent" in table

    cancelled = await shelftalk.run("journey", "cancel", ids[1], "--json")
    assert cancelled.code == ExitCode.OK
    async with asyncio.timeout(PATIENCE):
        while (await shelftalk.run("journey", "cancel", ids[1], "--json")).code == ExitCode.OK:
            pass
    assert (await shelftalk.run("journey", "cancel", ids[1], "--json")).failure.code == "journey_ended"

    limits = ("--scope", "read", "--scope", "events", "--store", "s", "--expires", "90 days")
    made = (await shelftalk.run("key", "create", "console", *limits, "--json")).answer(NewKey)
    assert (await shelftalk.run("key", "create", "console", "--scope", "read", "--json")).failure.code == "key_exists"
    first, console = (await shelftalk.run("key", "list", "--json")).answer(KeyList).keys
    assert (first.scopes, first.stores, first.expires_at) == ((Scope.ADMIN,), None, None), "that of `up`"
    assert (console.scopes, console.stores) == ((Scope.EVENTS, Scope.READ), ("s",))
    assert console.expires_at is not None
    assert (console.expires_at - console.created_at).days in (89, 90)
    assert "events, read" in (await shelftalk.run("key", "list")).out
    assert (await shelftalk.run("key", "create", "all", "--json")).failure.code == "usage", "a scope is to be named"
    past = ("--scope", "read", "--expires", "2020-01-31", "--json")
    assert (await shelftalk.run("key", "create", "old", *past)).failure.code == "key_useless"
    assert made.key not in (await shelftalk.run("key", "list", "--json")).out
    assert (await shelftalk.run("key", "revoke", "console", "--json")).code == ExitCode.OK
    assert (await shelftalk.run("key", "revoke", "console", "--json")).failure.code == "no_such_key"

    assert (await shelftalk.run("up", "--json")).failure.code == "cannot_start"
    assert (await up.stop()).code == ExitCode.OK


async def test_asked_twice_it_stops_at_once_and_leaves_nothing_running(
    shelftalk: Shelftalk, left_running: Callable[[], list[str]]
) -> None:
    up = await shelftalk.start("up", "--json")
    await up.said(WhereItIs)
    up.process.send_signal(signal.SIGINT)
    await up.progress("Stopping")
    assert (await up.stop(signal.SIGINT)).code == ExitCode.INTERRUPTED
    async with asyncio.timeout(PATIENCE):
        while left_running():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("option", ["--port", "--temporal-port", "--smtp-port"])
async def test_a_port_that_is_taken_is_named_and_what_was_started_is_stopped(
    shelftalk: Shelftalk, option: str, tmp_path: Path, left_running: Callable[[], list[str]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failure = (await shelftalk.run("up", option, str(port), "--json")).failure
    assert (failure.code, failure.exit) == ("cannot_start", ExitCode.UNAVAILABLE)
    assert str(port) in failure.message
    assert option in failure.message
    assert left_running() == []
    if option == "--port":
        assert not (tmp_path / "data" / "postgres").exists(), "nothing was started before it was looked at"


async def _path(shelftalk: Shelftalk, journey_id: str) -> JourneyPath:
    return (await shelftalk.run("journey", "replay", journey_id, "--json")).answer(JourneyPath)


async def _until_told(shelftalk: Shelftalk, journey_id: str) -> JourneyReport:
    async with asyncio.timeout(PATIENCE):
        while True:
            journey = (await shelftalk.run("journey", "show", journey_id, "--json")).answer(JourneyReport)
            if journey.status is JourneyStatus.TOLD:
                return journey
