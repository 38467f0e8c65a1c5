"""The look through everything that outlives a test, at the end of each process of the run: nobody is in it (P8).

While tests run, what is gone after them is looked at where it passes: log lines of this process as the product writes
them, those that its other processes write, metrics, the addresses of requests, and what the audit and its like keep.
When all is over, the databases of all Temporal servers are read as they lie on the disk, every table of them: histories
of all namespaces with inputs, results, signals and failures, memos, search attributes, what was under way. Those that
`up` and `demo` keep in a test's own folder are read before it goes. Archived histories are the same bytes, packed; they
are unpacked and looked at too. Mails are not looked at: they are somebody's.

A table, a page of metrics that is not there is an error: nobody is in nothing.

Tests have addresses, numbers and names of known shapes; a number without its + is known by being in a test with it, so
that no id is taken for one. One that is found fails the run, and is told by its shape only.
"""

import hashlib
import logging
import re
import sqlite3
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import cast
from urllib.parse import unquote

import httpx
import pytest
import structlog
from google.protobuf.message import DecodeError
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History

from activities.postgres.pool import Pool
from starter.runtime.logs import log_to_file

ADDRESS = rb"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z][\w-]*"
"""No version, like `back-in-stock@2`."""
NUMBER = rb"\+[1-9][0-9]{6,14}(?![0-9])"
BARE = rb"(?<![0-9])[1-9][0-9]{9,14}(?![0-9])"
"""A number without its +, as some providers have it in addresses that they call; or an id, or a time."""
NAMES = ("Annabella", "Steve", "Shipper", "Norman", "Biller")
"""Of the people in tests and in the payloads of storefronts; those that are no other word and in no bytes by chance."""
PERSONAL = re.compile(rb"|".join((ADDRESS, NUMBER, BARE, *(rb"\b%s\b" % name.encode() for name in NAMES))))
NOBODYS = {
    b"temporal-core@temporal.io": "who made the server, in its own namespace",
    b"a.shopper@example.com": "asked for in a path and a query, so that it is seen that no log has it",
}
THEIRS = {("GET", "/v1/webhooks/vonage"), ("GET", "/v1/webhooks/messagebird")}
"""Requests whose addresses have somebody's number because their provider writes them so; logs and metrics must not."""
TESTS = Path(__file__).parent
WRITTEN = re.compile(rb"\+[1-9](?: ?[0-9]){9,14}(?![0-9])")
FOREIGN = {"error", "exc_info", "exception", "detail"}
"""Under these names log lines quote others, whose words the last guard of logs goes through before they are written."""
MESSAGE_ID = re.compile(rb"(j-[0-9a-f]{20,}\.[\w.-]+|(test|check)\.[0-9a-f]{32})@")
"""What stands before the @ of a Message-ID: whose message it is, by an id."""
MOST_TOLD = 20
LASTING = ("audit", "archivings", "operations", "outbox", "reconciliations", "retention_runs", "calls")
"""Tables whose rows are told on, or stay when somebody was erased."""
_DESCRIBED = 33
"""Where the head of an archived history begins: after a version byte and the hash of what follows."""

found: list[str] = []
"""What was seen in this process, each with its place."""


def look_at(place: str, said: bytes | str) -> None:
    """Look for anybody in this."""
    raw = said.encode(errors="replace") if isinstance(said, str) else said
    found.extend(f"{place}: {_shape(each)}" for each in people_in(raw))


def people_in(raw: bytes) -> list[bytes]:
    """The addresses, numbers and names in it."""
    return [each for each in PERSONAL.findall(raw) if not _is_nobody(each)]


def _is_nobody(seen: bytes) -> bool:
    if seen.isdigit():
        return seen not in numbers_of_tests()
    return seen in NOBODYS or MESSAGE_ID.match(seen) is not None


@cache
def numbers_of_tests() -> frozenset[bytes]:
    """The numbers that are in any test or payload with a +, without it; none that is one digit over and over."""
    files = (file for kind in ("*.py", "*.json") for file in TESTS.rglob(kind))
    written = (each for file in files for each in WRITTEN.findall(file.read_bytes()))
    return frozenset(each[1:].replace(b" ", b"") for each in written if len(set(each[2:])) > 2)


def _shape(personal: bytes) -> str:
    """What it looks like, for who reads the report: letters and digits are not told."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", personal.decode(errors="replace")))


# While tests run


class LogsLookedThrough(logging.Handler):
    """Looks at each line as the product writes it, and at what it meant to write."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        root = logging.getLogger()
        before = root.handlers[:]
        log_to_file(folder / "shelftalk.log", "info")
        (ours,) = root.handlers
        self.setFormatter(ours.formatter)
        ours.close()
        root.handlers = before
        self._configuration = structlog.get_config()

    def take_part(self) -> None:
        """Be there for the next test, whatever the one before did to the logs."""
        root = logging.getLogger()
        if self not in root.handlers:
            root.addHandler(self)
        root.setLevel(logging.INFO)
        structlog.configure(**self._configuration)

    def emit(self, record: logging.LogRecord) -> None:
        look_at(f"log line of {record.name}", self.format(record))
        said: object = record.msg
        if isinstance(said, dict):
            event = cast("Mapping[str, object]", said)
            meant = {name: value for name, value in event.items() if name not in FOREIGN}
            look_at(f"log line {event.get('event')!r}, before the guard", repr(meant))


def look_at_lines(process: str, said: str) -> None:
    """The log lines among what a process said: those in JSON. The others are words to whoever called it."""
    for line in said.splitlines():
        if line.startswith("{") and '"event"' in line:
            look_at(f"log line of the process `{process}`", line)


async def look_at_metrics(web: httpx.AsyncClient) -> None:
    look_at("metrics", (await web.get("/metrics")).raise_for_status().content)


async def look_at_what_stays(pool: Pool) -> None:
    """What stays in a database, or is told on."""
    said = " union all ".join(f"select '{table}', convert_to(t::text, 'UTF8') from {table} t" for table in LASTING)
    packed = "select 'histories', content from histories"
    for table, content in await pool.fetch(f"{said} union all {packed}"):
        look_at(f"table {table}", _unpacked(content) if table == "histories" else content)


def _unpacked(content: bytes) -> bytes:
    described = content[_DESCRIBED:]
    if content[1:_DESCRIBED] != hashlib.sha256(described).digest():
        return content  # its test damaged it, or had any bytes kept
    head, _, packed = described.partition(b"\n")
    return head + zlib.decompress(packed)


def look_at_requests(patch: pytest.MonkeyPatch) -> None:
    """Look at the address of every request that this process makes: the product's, and those that it is sent.

    Where they go over the wire, which those to providers and webhooks do without a client.
    """
    handle = httpx.AsyncHTTPTransport.handle_async_request

    async def looked_at(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) not in THEIRS:
            url = unquote(str(request.url))
            look_at(f"address of a request, {request.method} {request.url.host}", url)
        return await handle(self, request)

    patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", looked_at)


# When all is over


def look_at_folders(root: Path) -> None:
    """Every Temporal that kept its database under this folder, and every log file."""
    for database in sorted(root.rglob("temporal.db")):
        _look_at_temporal(database)
    for file in sorted(root.rglob("*.log*")):
        look_at(f"log file {file.parent.name}/{file.name}", file.read_bytes())


def _look_at_temporal(database: Path) -> None:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
            for table in tables:
                for row in connection.execute(f'select * from "{table}"'):
                    _look_at_row(connection, table, row)
        except sqlite3.DatabaseError:
            look_at(f"Temporal's file {database.parent.name}", database.read_bytes())  # its test damaged it


def _look_at_row(connection: sqlite3.Connection, table: str, row: sqlite3.Row) -> None:
    for column, value in zip(row.keys(), row, strict=True):
        raw = value if isinstance(value, bytes) else str(value).encode(errors="replace")
        if people_in(raw):
            whose = _workflow(connection, row)
            for event in _events(raw) if table == "history_node" else ():
                look_at(f"{whose}, event {event[0]}", event[1])
            if table != "history_node":
                look_at(f"{whose}, {table}.{column}", raw)


def _events(node: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        events = History.FromString(node).events
    except DecodeError:
        yield "unreadable", node
        return
    for event in events:
        yield f"{event.event_id} {EventType.Name(event.event_type)}", event.SerializeToString()


def _workflow(connection: sqlite3.Connection, row: sqlite3.Row) -> str:
    """The namespace and workflow that a row is of."""
    names = row.keys()
    run = row["run_id"] if "run_id" in names else row["tree_id"] if "tree_id" in names else None
    if run is None:
        return "Temporal"
    ids = [run, _as_bytes(run)]
    told = connection.execute(
        "select n.name, e.workflow_id from executions e join namespaces n on n.id = e.namespace_id "
        "where e.run_id in (?, ?)",
        ids,
    ).fetchone()
    return "a workflow that is gone" if told is None else f"namespace {told[0]}, workflow {told[1]}"


def _as_bytes(run: object) -> object:
    return uuid.UUID(run).bytes if isinstance(run, str) else run


def nobody_was_seen() -> None:
    """Fail the run if anybody was, with the places."""
    if seen := sorted(set(found)):
        more = f"\n… and {len(seen) - MOST_TOLD} more" if len(seen) > MOST_TOLD else ""
        pytest.fail("Somebody is where nobody may be (P8):\n" + "\n".join(seen[:MOST_TOLD]) + more, pytrace=False)
