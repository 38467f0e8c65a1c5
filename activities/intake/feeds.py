"""Catalogue feeds: where they are read from, when, and what holds one up.

A feed says what there is, and by what it leaves out what there is no more. So one that is empty, breaks off or is far
shorter than the last time is not believed: nothing of it is applied until somebody says that it is right. What is due
is read by whichever dispatcher comes first, each feed by one at a time.
"""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from activities.intake.feed_applying import Applied, Applying
from activities.intake.feed_download import download_feed
from activities.intake.feed_staging import Mistake, Seen, Stage
from activities.intake.intake import Intake
from activities.intake.kept_feeds import Feed, Problem, problem
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import ACQUIRE_LIMIT_SECONDS, Connection, Pool
from activities.postgres.queries import load_queries
from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.reading import read_blocks
from activities.storefronts.feeds.rows import FeedCut
from activities.storefronts.shop_http import ShopAway, ShopHttp
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId

SQL = load_queries("activities.intake", "feeds.sql")
log = structlog.get_logger()

FIRST_PAUSE = timedelta(minutes=1)
"""After a failure, doubled with each that follows."""
LONGEST_PAUSE = timedelta(hours=1)
"""The longest pause after failures, of a feed that is usually read more often."""


class NoSuchFeed(DomainError):
    """The store has no feed of that name."""

    code = "no_such_feed"
    kind = ErrorKind.NOT_FOUND
    advice = "`shelftalk feed list` shows those there are."


class FeedBusy(DomainError):
    """The feed is being read this moment."""

    code = "feed_busy"
    kind = ErrorKind.CONFLICT
    advice = "Wait until it is done: `shelftalk feed list` shows when it was read."


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What came of reading a feed; while it is read, so far.

    Attributes:
        held: nothing was applied, for this; `unchanged`: the server says that it is as it was.
        done: it is over.
    """

    seen: Seen
    applied: Applied
    held: Problem | None = None
    unchanged: bool = False
    done: bool = False

    @property
    def mistakes(self) -> list[Mistake]:
        return self.seen.mistakes


@dataclass(frozen=True, slots=True)
class _Due:
    """A feed whose time has come."""

    store_id: StoreId
    name: str


class FeedReader:
    """Reads feeds.

    Args:
        private_hosts: they may lie in private networks, and on this machine without TLS.
        ca_file: trust the authorities in this PEM file instead of the system's.
    """

    def __init__(self, pool: Pool, intake: Intake, *, private_hosts: bool = False, ca_file: Path | None = None) -> None:
        self._pool, self._intake, self._private_hosts, self._ca_file = pool, intake, private_hosts, ca_file

    async def read_due(self) -> int:
        """Read what is due, one after the other. Returns how many there were."""
        read = 0
        while (due := await SQL.due.row(self._pool, _Due)) is not None:
            try:
                await self._read_one(due)
            except FeedBusy:
                break
            read += 1
        return read

    async def _read_one(self, due: _Due) -> None:
        last: FeedReading | None = None
        try:
            async for reading in self.read(due.store_id, due.name, only_if_due=True):
                last = reading
        except FeedBusy:
            raise
        except POSTGRES_AWAY:
            raise
        except DomainError as error:
            log.warning("feed not read", store=due.store_id, feed=due.name, error=error.code)
        except Exception as error:  # noqa: BLE001 - a mistake of ours with this feed must not hold up the others
            log.error("feed went wrong", store=due.store_id, feed=due.name, error=type(error).__name__)
        if last is not None and last.held is not None:
            log.error("feed held", store=due.store_id, feed=due.name, why=last.held, rows=last.seen.rows)

    async def read(self, store_id: StoreId, name: str, *, only_if_due: bool = False) -> AsyncGenerator[FeedReading]:
        """Read a feed now; from time to time what came of it so far, and at the end what did in all.

        Args:
            only_if_due: another process may have read it a moment ago.

        Raises:
            NoSuchFeed, FeedBusy: as they say.
            ShopAway, FeedNotThere, FeedError: it could not be read, which is noted.
        """
        async with self._held(store_id, name) as connection:
            feed = await SQL.feeds.row(connection, Feed, store_id=store_id, name=name)
            if feed is None:
                raise NoSuchFeed(f"{store_id} has no feed '{name}'.")
            if only_if_due and feed.due_at > datetime.now(UTC):
                return
            try:
                async for reading in self._read(feed, connection):
                    yield reading
            except POSTGRES_AWAY:
                raise
            except Exception as error:
                await self._note_failure(feed, error)
                raise

    @asynccontextmanager
    async def _held(self, store_id: StoreId, name: str) -> AsyncGenerator[Connection]:
        """A connection that holds the feed, for as long as it lives: no transaction is open for minutes."""
        whose = {"store_id": store_id, "name": name}
        async with self._pool.acquire(timeout=ACQUIRE_LIMIT_SECONDS) as connection:
            if not await SQL.try_to_hold.value(connection, **whose):
                raise FeedBusy(f"The feed '{name}' of {store_id} is being read this moment.")
            try:
                yield connection
            finally:
                if not connection.is_closed():
                    await SQL.let_go.run(connection, **whose)

    async def _read(self, feed: Feed, connection: Connection) -> AsyncGenerator[FeedReading]:
        at = datetime.now(UTC)
        whose = {"store_id": feed.store_id, "name": feed.name, "asked_at": at}
        with tempfile.TemporaryFile() as file:
            http = ShopHttp(private_hosts=self._private_hosts, ca_file=self._ca_file)
            try:
                answered = await download_feed(http, feed, at, file)
            finally:
                await http.aclose()
            if answered is None or answered.as_before:
                await SQL.unchanged.run(connection, **whose)
                yield FeedReading(Seen(), Applied(), unchanged=True, done=True)
                return
            columns = Columns.of(feed.mapping, feed.country)
            rows = partial(read_blocks, file, columns, feed.format)
            stage = Stage(connection, (feed.store_id, feed.name), at, rows, columns, feed.in_stock_units)
            seen, cut = Seen(), False
            try:
                async for seen in stage.fill():
                    yield FeedReading(seen, Applied())
            except FeedCut as error:
                cut = True
                seen.mistakes.append(Mistake(0, str(error)))
        held = problem(feed, seen.rows, cut=cut)
        if held is not None:
            await stage.clear()
            await SQL.held.run(connection, **whose, held_for=held, held_rows=seen.rows)
            yield FeedReading(seen, Applied(), held=held, done=True)
            return
        await SQL.begin_to_apply.run(connection, store_id=feed.store_id, name=feed.name)
        applied = Applied()
        applying = Applying(connection, self._intake, feed.store_id, feed.name, at)
        async for applied in applying.apply(seen, whole=not cut):
            yield FeedReading(seen, applied)
        await stage.clear()
        await stage.keep_layout()
        told = {"etag": answered.etag, "last_modified": answered.last_modified, "content": answered.content}
        await SQL.applied.run(
            connection, **whose, **told, rows=seen.rows, unread=seen.unread, price_changes_at=seen.price_changes_at
        )
        yield FeedReading(seen, applied, done=True)

    async def _note_failure(self, feed: Feed, error: Exception) -> None:
        asked = error.retry_after if isinstance(error, ShopAway) else None
        await SQL.failed.run(
            self._pool,
            store_id=feed.store_id,
            name=feed.name,
            asked_at=datetime.now(UTC),
            failed_with=str(error) if isinstance(error, DomainError) else type(error).__name__,
            at_least=asked,
            first_pause=FIRST_PAUSE,
            longest_pause=LONGEST_PAUSE,
        )
