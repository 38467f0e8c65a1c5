"""Temporal's development server as a child process: durable on SQLite, with the product's search attributes."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Self

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starter.devstack.child import Child, FolderLock, Server
from starter.devstack.failures import DevstackError, explain
from starter.runtime.ports import LOOPBACK, free_port, port_taken, require_free

SEARCH_ATTRIBUTES = ("ShelftalkStore", "ShelftalkSubject", "ShelftalkConversation", "ShelftalkContact")
"""Keywords that every journey is found by. A server of the user's own needs the same."""

SQLITE_PRAGMAS = ("journal_mode=wal", "synchronous=1")
"""Two to four times the throughput of the defaults, and still whole after a crash of the process."""

DYNAMIC_CONFIG = (
    "matching.enableFairness=true",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2",
)
"""Priorities, and for each list its turn (`schemas/priority.py`): a server of the user's own needs the first too. They
hold within a partition of a queue, of which one server needs no more than one. A workflow whose tasks fail is reported
after the second failure: the default is the fifth, a minute later."""

RETENTION = timedelta(hours=720)
"""How long a closed journey's history stays to be replayed; the server's own default is a day."""

START_LIMIT_SECONDS = 60.0
"""Usually a second; opening a large database on a slow disk takes longer."""

POLL_SECONDS = 0.05

ATTEMPTS_AT_A_FREE_PORT = 3
"""A port found free can be taken before the server gets to it. Three times in a row is not chance."""

_PORT_IN_USE = "address already in use"


class EmbeddedTemporal:
    """A Temporal server of our own.

    Args:
        program: the `temporal` program, see `find_temporal`.
        folder: where its database and log are.
        port: of its frontend; 0 for any free one.
        ui_port: of its web pages, 0 for any free one; None for none.
        namespace: made when there is none.
        port_setting: how the user chooses the port, for the error when it is taken.
        config: its dynamic configuration.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        port: int = 0,
        ui_port: int | None = None,
        namespace: str = "default",
        port_setting: str = "--temporal-port",
        config: tuple[str, ...] = DYNAMIC_CONFIG,
    ) -> None:
        self._program = program
        self._folder = folder.expanduser().resolve()
        self._wanted_port = port
        self._wanted_ui_port = ui_port
        self._namespace = namespace
        self._port_setting = port_setting
        self._config = config
        self._lock = FolderLock(self._folder, "temporal")
        self._child: Child | None = None
        self._port = port
        self._ui_port = ui_port

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def address(self) -> str:
        """host:port of the frontend."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def ui_url(self) -> str | None:
        """Where its web pages are, or None when it has none."""
        return f"http://{LOOPBACK}:{self._ui_port}" if self._ui_port is not None else None

    async def start(self) -> str:
        """Start it and wait until a client is served.

        Returns:
            host:port of the frontend.

        Raises:
            DevstackError: port taken, no room, no permission, folder in use, a program that ends or does not answer.
        """
        self._lock.take()
        try:
            for attempt in range(1, ATTEMPTS_AT_A_FREE_PORT + 1):
                if await self._start(last=attempt == ATTEMPTS_AT_A_FREE_PORT):
                    break
        except BaseException:
            await self.stop()
            raise
        return self.address

    async def stop(self) -> None:
        """End it cleanly; what it holds is on disk. Close workers and clients first. May be called again."""
        if self._child is not None:
            await self._child.stop()
            self._child = None
        self._lock.release()

    async def _start(self, *, last: bool) -> bool:
        """Whether it is up; False when a port that had been free was taken meanwhile."""
        self._choose_ports()
        server = Server(name="temporal", folder=self._folder, argv=self._argv())
        self._child = await Child.start(server)
        if await self._until_ready(self._child, server):
            return True
        said = self._child.last_words()
        await self._child.stop()
        if _PORT_IN_USE not in said:
            raise explain("Temporal", said, self._folder, server.log)
        if self._wanted_port or self._wanted_ui_port or last:
            raise port_taken(self._port, "Temporal", self._port_setting)
        return False

    def _choose_ports(self) -> None:
        if self._wanted_port:
            require_free(self._wanted_port, "Temporal", self._port_setting)
        if self._wanted_ui_port:
            require_free(self._wanted_ui_port, "Temporal's web page", self._port_setting)
        self._port = self._wanted_port or free_port()
        self._ui_port = None if self._wanted_ui_port is None else self._wanted_ui_port or free_port()

    def _argv(self) -> tuple[str, ...]:
        pages = ("--headless",) if self._ui_port is None else ("--ui-port", str(self._ui_port))
        return (
            *(str(self._program), "server", "start-dev", "--ip", LOOPBACK, "--port", str(self._port)),
            *("--db-filename", str(self._folder / "temporal.db"), "--namespace", self._namespace),
            *(part for pragma in SQLITE_PRAGMAS for part in ("--sqlite-pragma", pragma)),
            *(part for name in SEARCH_ATTRIBUTES for part in ("--search-attribute", f"{name}=Keyword")),
            *(part for value in self._config for part in ("--dynamic-config-value", value)),
            # The user's own profile for other Temporal servers must not change this one.
            *("--log-level", "warn", "--log-format", "json", "--disable-config-file", "--disable-config-env"),
            *pages,
        )

    async def _until_ready(self, child: Child, server: Server) -> bool:
        """Whether it serves clients; False when it ended instead."""
        try:
            async with asyncio.timeout(START_LIMIT_SECONDS):
                while not child.ended:
                    if await self._listens() and await self._prepare_namespace():
                        return True
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise DevstackError(
                f"Temporal was not ready after {START_LIMIT_SECONDS:.0f} s; its log is {server.log}\n"
                f"{child.last_words()}"
            ) from error
        return False

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self._port)
        except OSError:
            return False
        writer.close()
        return True

    async def _prepare_namespace(self) -> bool:
        """Set how long histories stay, and see that the search attributes are there; False while it is too early."""
        try:
            client = await Client.connect(self.address, namespace=self._namespace)
            await client.workflow_service.update_namespace(
                UpdateNamespaceRequest(
                    namespace=self._namespace,
                    config=NamespaceConfig(
                        workflow_execution_retention_ttl=Duration(seconds=int(RETENTION.total_seconds()))
                    ),
                )
            )
            known = await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=self._namespace)
            )
        except (RPCError, RuntimeError):
            return False
        return set(SEARCH_ATTRIBUTES) <= set(known.custom_attributes)
