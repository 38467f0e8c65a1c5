"""Catalogue feeds, as people set them up: where a store's are read from, and the yes to one that was held."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import httpx

from activities.intake.feeds import FeedReader, FeedReading, NoSuchFeed
from activities.intake.intake import Intake
from activities.intake.kept_feeds import Feed
from activities.intake.known_stores import add_store
from activities.outbound.addresses import check_url
from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.reading import FeedFormat
from activities.storefronts.registry import SHOP_APIS
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.responses.feeds import FeedMistake, FeedRead, FeedReport, FeedReports
from starter.shops.one_catalogue import allow_feed

SQL = load_queries("activities.intake", "feeds.sql")

CATALOGUE = "catalogue"
"""What a store's only feed is called."""
EVERY = timedelta(hours=1)
MOST_OFTEN = timedelta(minutes=1)
KEEP_SHARE = Decimal("0.8")


class BadFeed(DomainError):
    """A feed cannot be set up like this; the text says what to change."""

    code = "bad_feed"
    kind = ErrorKind.ARGUMENT


class FeedNotHeld(DomainError):
    """Nothing of the feed is held."""

    code = "feed_not_held"
    kind = ErrorKind.CONFLICT


@dataclass(frozen=True, slots=True)
class WantedFeed:
    """How a feed is to be read. `format` None: as its content says; `mapping`: the feed's name for each of ours."""

    url: str
    format: FeedFormat | None = None
    mapping: Mapping[str, str] = field(default_factory=dict[str, str])
    country: str | None = None
    in_stock_units: int = 1
    every: timedelta = EVERY
    keep_share: Decimal = KEEP_SHARE


class Feeds:
    """The feeds of one database. `by`: who does it, for the audit.

    Args:
        private_hosts: they may lie in private networks, and on this machine.
    """

    def __init__(self, pool: Pool, intake: Intake, *, private_hosts: bool) -> None:
        self._pool, self._private_hosts = pool, private_hosts
        self._reader = FeedReader(pool, intake, private_hosts=private_hosts)

    async def add(self, store_id: StoreId, name: str, wanted: WantedFeed, by: str) -> FeedReport:
        """Read a feed from now on; one that is there is read as it is said now. The store is made if it is new.

        Raises:
            BadFeed, FeedError, FedByAnother: as they say.
        """
        if (why := check_url(wanted.url, private_hosts=self._private_hosts)) is not None:
            raise BadFeed(f"The feed's address may not be called: {why}.")
        if not 0 < len(name) <= 100 or not name.isprintable():
            raise BadFeed("A feed's name has 1 to 100 visible characters.")
        if wanted.every < MOST_OFTEN:
            raise BadFeed("A feed is read once a minute at most.")
        Columns.of(wanted.mapping, wanted.country)
        async with transaction(self._pool) as connection:
            await add_store(connection, store_id, "api", by)
            await allow_feed(connection, store_id, [api.source for api in SHOP_APIS])
            await SQL.add.run(
                connection,
                store_id=store_id,
                name=name,
                url=wanted.url,
                format=wanted.format,
                mapping=dict(wanted.mapping),
                country=wanted.country,
                in_stock_units=wanted.in_stock_units,
                every=wanted.every,
                keep_share=wanted.keep_share,
            )
            details = {"store": store_id, "feed": name, "address": shown_url(wanted.url)}
            await write_audit(connection, by, "add feed", details)
        return await self.show(store_id, name)

    async def list(self) -> FeedReports:
        """All of them."""
        found = await SQL.feeds.rows(self._pool, Feed, store_id=None, name=None)
        return FeedReports(feeds=tuple(map(_report, found)))

    async def show(self, store_id: StoreId, name: str) -> FeedReport:
        """One.

        Raises:
            NoSuchFeed: as it says.
        """
        found = await SQL.feeds.row(self._pool, Feed, store_id=store_id, name=name)
        if found is None:
            raise NoSuchFeed(f"{store_id} has no feed '{name}'.")
        return _report(found)

    async def read(self, store_id: StoreId, name: str, progress: Callable[[FeedReading], None]) -> FeedRead:
        """Read it now.

        Raises:
            NoSuchFeed, FeedBusy, ShopAway, FeedNotThere, FeedError: as they say.
        """
        last: FeedReading | None = None
        async for last in self._reader.read(store_id, name):
            progress(last)
        assert last is not None, "it says at least that nothing has changed"
        return FeedRead(
            store=store_id,
            feed=name,
            became="held" if last.held else "unchanged" if last.unchanged else "applied",
            held_for=last.held,
            rows=last.seen.rows,
            unread=last.seen.unread,
            added=last.applied.added,
            changed=last.applied.changed,
            gone=last.applied.gone,
            levels=last.applied.levels,
            mistakes=tuple(FeedMistake(line=each.line, id=each.id, why=each.why) for each in last.mistakes),
        )

    async def accept(self, store_id: StoreId, name: str, by: str, progress: Callable[[FeedReading], None]) -> FeedRead:
        """A feed that is held is right as it is: read it anew, and apply it unless it has less in it still.

        Raises:
            FeedNotHeld: as it says; and what `read` does.
        """
        async with transaction(self._pool) as connection:
            held_for: str | None = await SQL.accept.value(connection, store_id=store_id, name=name)
            if held_for is not None:
                details = {"store": store_id, "feed": name, "held_for": held_for}
                await write_audit(connection, by, "accept feed", details)
        if held_for is None:
            await self.show(store_id, name)
            raise FeedNotHeld(f"Nothing of the feed '{name}' of {store_id} is held.")
        return await self.read(store_id, name, progress)

    async def remove(self, store_id: StoreId, name: str, by: str) -> FeedReports:
        """Read it no more. What it told of the shop stays as it is. Returns those that are left.

        Raises:
            NoSuchFeed: as it says.
        """
        async with transaction(self._pool) as connection:
            if await SQL.remove.within(300).value(connection, store_id=store_id, name=name) is None:
                raise NoSuchFeed(f"{store_id} has no feed '{name}'.")
            await write_audit(connection, by, "remove feed", {"store": store_id, "feed": name})
        return await self.list()


def shown_url(url: str) -> str:
    """An address without what may be a token in it."""
    whole = httpx.URL(url)
    return str(whole.copy_with(query=None)) + ("?…" if whole.query else "")


def _report(feed: Feed) -> FeedReport:
    return FeedReport(
        store=feed.store_id,
        feed=feed.name,
        url=shown_url(feed.url),
        format=feed.format,
        mapping=dict(feed.mapping),
        country=feed.country,
        in_stock_units=feed.in_stock_units,
        every=feed.every,
        keep_share=float(feed.keep_share),
        due_at=feed.due_at,
        read_at=feed.read_at,
        rows=feed.rows,
        unread=feed.unread,
        failures=feed.failures,
        failed_with=feed.failed_with,
        held_for=feed.held_for,
        held_rows=feed.held_rows,
        held_at=feed.held_at,
    )
