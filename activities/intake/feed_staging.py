"""The rows of a feed that are not as they were, staged in tables of the session, before anything of them is applied.

A million rows need no memory there, and what became of the feed as a whole is known before the first is applied. Of a
product that has changed all rows are staged; usually they stand together, else the feed is read twice.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import islice

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.comparing import Comparing, Known, ReadRow
from activities.storefronts.feeds.layout import Layout
from activities.storefronts.feeds.reading import Leaving
from activities.storefronts.feeds.rows import Availability, BadRow, FeedCut, FeedRow, LayoutVoid, ReadItem
from schemas.ids import StoreId

SQL = load_queries("activities.intake", "feed_staging.sql")

COPIED_AT_ONCE = 5000
MOST_MISTAKES = 20
"""Rows that could not be read, by name."""
LONG = 900.0
"""Seconds that a query over all rows may take."""
_COLUMNS = (
    *("nth", "line", "product_id", "variant_id", "place", "unread", "raw", "digest", "changes_at"),
    *("title", "link", "image", "brand", "sku", "categories", "price"),
    *("policy", "tracked", "quantity", "for_sale"),
)
_UNSAID = (None,) * 11


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row that was passed over; `why` quotes none of its values."""

    line: int
    why: str
    id: str | None = None


@dataclass(slots=True)
class Seen:
    """What was in a feed.

    Attributes:
        rows: that could be read.
        unread: that could not.
        nameless: of these, those that do not even say which thing they are of: it may be any.
        price_changes_at: when a price changes next though no row does.
    """

    rows: int = 0
    unread: int = 0
    nameless: int = 0
    currency: str | None = None
    price_changes_at: datetime | None = None
    mistakes: list[Mistake] = field(default_factory=list[Mistake])

    def note(self, line: int, why: str, id_: str | None) -> None:
        """One that could not be read."""
        self.unread += 1
        self.nameless += id_ is None
        if len(self.mistakes) < MOST_MISTAKES:
            self.mistakes.append(Mistake(line, why, id_))


@dataclass(frozen=True, slots=True)
class Repeated:
    """A row whose thing another one is of already, one of `total`."""

    line: int
    variant_id: str
    total: int


def staged(read: ReadRow, at: datetime, in_stock: int) -> tuple[object, ...]:
    """A row as the table has it, as of a moment. Pure."""
    row = read.row
    if isinstance(row, BadRow):
        return (read.nth, row.line, row.product, row.id, "", True, None, 0, None, *_UNSAID)
    price, changes_at = row.price_at(at)
    stock = row.stock(in_stock)
    said = (
        *(row.title, row.link, row.image, row.brand, row.sku, row.categories, price),
        *(stock.policy.value, stock.tracked, stock.quantity, row.availability is not Availability.DISCONTINUED),
    )
    digest = blake2b(repr((row.product, *said)).encode("utf-8", "replace"), digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    product = row.product if row.place is None else row.id
    return (read.nth, row.line, product, row.id, row.place or "", False, read.raw, number, changes_at, *said)


class Stage:
    """The tables, on a connection that is used for nothing else meanwhile.

    Args:
        rows: the feed's, from its beginning, each time that they are asked for.

    Attributes:
        layout: how its bytes lay.
    """

    def __init__(
        self,
        connection: Connection,
        whose: tuple[StoreId, str],
        at: datetime,
        rows: Callable[[Leaving | None], Iterator[ReadItem]],
        columns: Columns,
        in_stock: int,
    ) -> None:
        self._connection, self._at, self._rows = connection, at, rows
        self._whose = {"store_id": whose[0], "feed": whose[1]}
        self._columns, self._in_stock = columns, in_stock
        self.layout = Layout()

    async def fill(self) -> AsyncGenerator[Seen]:
        """Stage what is not as it was; what was seen so far, from time to time, and at the end.

        Raises:
            FeedError, FeedCut: as they say; what came before stays staged, and was seen.
        """
        before = Layout.unpacked(await SQL.layout.value(self._connection, **self._whose))
        try:
            async for seen in self._fill(await self._known(), before):
                yield seen
        except LayoutVoid:
            async for seen in self._fill(await self._known(), None):
                yield seen

    async def _known(self) -> Known:
        return Known(await SQL.known.within(LONG).value(self._connection, **self._whose, at=self._at) or b"")

    async def _fill(self, known: Known, before: Layout | None) -> AsyncGenerator[Seen]:
        """As `fill`; `before`: the blocks that may be left out, None: read every row."""
        await SQL.make_stage.run(self._connection)
        seen = Seen()
        broken: list[Exception] = []
        comparing = Comparing(self._columns, self._in_stock, before)
        self.layout = comparing.layout
        leaving = None if before is None else comparing.leaving(known)
        async for _ in self._copy(comparing.changed(self._rows(leaving), known), seen, broken):
            seen.currency = comparing.currency
            yield seen
        if any(not isinstance(error, FeedCut) for error in broken):
            raise broken[0]
        async for _ in self._complete(known, None if before is None else comparing.layout):
            yield seen
        await self._drop_repeated(seen)
        changes_at = await SQL.next_price.within(LONG).value(self._connection, **self._whose, at=self._at)
        seen.price_changes_at = changes_at
        yield seen
        for error in broken:
            raise error

    async def keep_layout(self) -> None:
        """Remember how its bytes lay, for the next time."""
        packed = self.layout.packed()
        await SQL.keep_layout.within(LONG).run(self._connection, **self._whose, layout=packed)

    async def clear(self) -> None:
        """Let go of the rows."""
        await SQL.clear_stage.run(self._connection)

    async def _complete(self, known: Known, layout: Layout | None) -> AsyncGenerator[None]:
        """Find what is missing; and stage, too, what is as it was but beside what is not, or there more than once."""
        for table, digests in (("unseen_feed", known.unseen()), ("wanted_feed", known.repeated())):
            records = ((digest,) for digest in digests)
            await self._connection.copy_records_to_table(table, records=records, columns=("raw",), timeout=LONG)
        await SQL.analyze_unseen.within(LONG).run(self._connection)
        await SQL.find_missing.within(LONG).run(self._connection, **self._whose, at=self._at)
        await SQL.analyze_stage.within(LONG).run(self._connection)
        await SQL.find_wanted.within(LONG).run(self._connection, **self._whose)
        wanted = Known(await SQL.wanted.within(LONG).value(self._connection) or b"")
        if not len(wanted):
            return
        await SQL.want_anew.within(LONG).run(self._connection, **self._whose)
        comparing = Comparing(self._columns, self._in_stock, layout)
        leaving = None if layout is None else comparing.leaving(wanted, wanted=True)
        broken: list[Exception] = []
        async for _ in self._copy(comparing.wanted(self._rows(leaving), wanted), Seen(), broken):
            yield
        for error in broken:  # What else was wrong with it was seen the first time.
            if isinstance(error, LayoutVoid):
                raise error

    async def _copy(self, rows: Iterator[ReadRow | int], seen: Seen, broken: list[Exception]) -> AsyncGenerator[None]:
        more = True
        while more and not broken:
            # In a thread: a large feed is read for a minute, and whatever else the process does goes on.
            records, more = await asyncio.to_thread(self._taken, rows, seen, broken)
            if records:
                await self._connection.copy_records_to_table(
                    "staged_feed", records=records, columns=_COLUMNS, timeout=LONG
                )
            yield

    def _taken(
        self, rows: Iterator[ReadRow | int], seen: Seen, broken: list[Exception]
    ) -> tuple[list[tuple[object, ...]], bool]:
        """The next rows, and whether there may be more; what ended them early is put into `broken`."""
        records: list[tuple[object, ...]] = []
        taken = 0
        try:
            for read in islice(rows, COPIED_AT_ONCE):
                taken += 1
                if isinstance(read, int):
                    seen.rows += read
                    continue
                row = read.row
                if isinstance(row, FeedRow):
                    seen.rows += 1
                else:
                    seen.note(row.line, row.why, row.id if row.product is not None else None)
                    if row.id is None or row.product is None:
                        continue
                records.append(staged(read, self._at, self._in_stock))
        except Exception as error:  # noqa: BLE001 - it is raised once what came before it is staged
            broken.append(error)
        return records, taken == COPIED_AT_ONCE

    async def _drop_repeated(self, seen: Seen) -> None:
        repeated = await SQL.drop_repeated.within(LONG).rows(self._connection, Repeated, most=MOST_MISTAKES)
        for each in repeated:
            seen.note(each.line, "id: a row before it is of the same thing", each.variant_id)
        if repeated:
            seen.unread += repeated[0].total - len(repeated)
            seen.rows -= repeated[0].total
