"""Stores: what is connected, what was last heard, what is wrong, and what to do about it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from activities.connections.shops import NotConnected
from schemas.errors import DomainError
from schemas.ids import StoreId
from schemas.responses.connections import ConnectionReport
from schemas.responses.stock import StoreHeard
from schemas.responses.users import Role
from starter.http.console.access import CurrentViewer, console_router, needs_role
from starter.http.console.line_addresses import line_address, store_address
from starter.http.console.rendering import page, with_query
from starter.http.dependencies import InjectedServices
from starter.reporting.reports import Period
from starter.services import Services
from starter.shops.people import UnknownStore

router = console_router()

WAITED_SECONDS = 15
"""Until a reading of a catalogue is left to itself: it goes on, and its page says what came of it."""
MOST_SUCCESSORS = 50
DONE = ("synced", "syncing", "webhooks", "quiet")
_reading: set[asyncio.Task[object]] = set()
"""Readings that go on behind an answer; kept, so that none is collected."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A store of the list; `connection` None: its platform is not spoken to."""

    heard: StoreHeard
    connection: ConnectionReport | None

    @property
    def problems(self) -> int:
        """How many things are wrong with it."""
        return len(self.connection.problems) if self.connection else int(self.heard.silent_at is not None)


@router.get("/stores", dependencies=[needs_role(Role.VIEWER, somewhere=True)])
async def stores(request: Request, viewer: CurrentViewer, services: InjectedServices) -> Response:
    """All stores; those with problems first."""
    connections = {each.store: each for each in (await services.connection_status.show()).stores}
    known = (await services.stores.heard()).stores
    entries = [Entry(each, connections.get(each.store)) for each in known if viewer.knows(each.store)]
    entries.sort(key=lambda entry: (-entry.problems, entry.heard.store))
    return page(request, "stores/list.html", entries=entries, store_address=store_address)


@router.get("/stores/{store:id}", dependencies=[needs_role(Role.VIEWER)])
async def store(
    request: Request, viewer: CurrentViewer, services: InjectedServices, store: str, done: str = ""
) -> Response:
    """One store, with what can be done about it by whoever looks."""
    said = done if done in DONE else None
    return await _page(request, services, store, admin=viewer.may(Role.ADMIN, store), done=said)


@router.post("/stores/{store:id}/sync", dependencies=[needs_role(Role.ADMIN)])
async def sync(request: Request, viewer: CurrentViewer, services: InjectedServices, store: str) -> Response:
    """Read the whole catalogue, now."""
    reading: asyncio.Task[object] = asyncio.create_task(
        _as_task(services.connections.sync(StoreId(store), lambda _read, _of: None, viewer.actor))
    )
    _reading.add(reading)
    reading.add_done_callback(_reading.discard)
    done, _ = await asyncio.wait([reading], timeout=WAITED_SECONDS)
    if not done:
        return _back(store, "syncing")
    if (failed := reading.exception()) is not None:
        return await _refused(request, services, store, failed)
    return _back(store, "synced")


@router.post("/stores/{store:id}/webhooks", dependencies=[needs_role(Role.ADMIN)])
async def webhooks(request: Request, viewer: CurrentViewer, services: InjectedServices, store: str) -> Response:
    """Look at its subscriptions, and make again those that are missing or off."""
    try:
        await services.connections.webhooks(StoreId(store), viewer.actor)
    except DomainError as error:
        return await _refused(request, services, store, error)
    return _back(store, "webhooks")


@router.post("/stores/{store:id}/quiet", dependencies=[needs_role(Role.ADMIN)])
async def quiet(viewer: CurrentViewer, services: InjectedServices, store: str) -> Response:
    """Expect nothing of it until it is heard anew."""
    await services.stores.expect_nothing(StoreId(store), viewer.actor)
    return _back(store, "quiet")


async def _as_task(asked: Awaitable[object]) -> object:
    return await asked


async def _refused(request: Request, services: Services, store: str, error: BaseException) -> Response:
    """The same page, with what was refused.

    Raises:
        BaseException: it is none of a service's refusals.
    """
    if not isinstance(error, DomainError):
        raise error
    said = f"{error} {error.advice or ''}".strip()
    return await _page(request, services, store, admin=True, refused=said)


async def _page(
    request: Request,
    services: Services,
    store: str,
    *,
    admin: bool,
    done: str | None = None,
    refused: str | None = None,
) -> Response:
    heard = next((each for each in (await services.stores.heard()).stores if each.store == store), None)
    if heard is None:
        raise UnknownStore(store)
    connection, parted = await _connection(services, store)
    feeds = [each for each in (await services.feeds.list()).feeds if each.store == store]
    successors = (await services.successors.of_store(StoreId(store))).successors
    longest = heard.longest_silence_minutes
    return page(
        request,
        "stores/store.html",
        store=await services.stores.show(StoreId(store)),
        heard=heard,
        longest=None if longest is None else timedelta(minutes=longest),
        connection=connection,
        parted=parted,
        feeds=feeds,
        delays=await services.delays.delays(Period(), store=StoreId(store)),
        successors=successors[:MOST_SUCCESSORS],
        successor_count=len(successors),
        here=store_address(store),
        line_address=line_address,
        lines=with_query("/lines", store=store),
        admin=admin,
        done=done,
        refused=refused,
    )


async def _connection(services: Services, store: str) -> tuple[ConnectionReport | None, str | None]:
    """How its connection is; or that there is none, and why, as far as it is on record."""
    try:
        found = await services.connection_status.show(StoreId(store))
    except NotConnected as error:
        return None, str(error)
    return found.stores[0], None


def _back(store: str, done: str) -> Response:
    return RedirectResponse(with_query(store_address(store), done=done), 303)
