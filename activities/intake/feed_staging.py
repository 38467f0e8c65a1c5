"""The rows of a feed, staged in a table of the session, before anything of them is applied.

A million rows need no memory there, and what became of the feed as a whole is known before the first is applied.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import islice

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.storefronts.feeds.rows import Availability, BadRow, FeedRow

SQL = load_queries("activities.intake", "feed_staging.sql")

COPIED_AT_ONCE = 5000
MOST_MISTAKES = 20
"""Rows that could not be read, by name."""
LONG = 900.0
"""Seconds that a query over all rows may take."""
_COLUMNS = (
    *("line", "product_id", "variant_id", "place", "unread", "digest", "changes_at"),
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


def staged(row: FeedRow | BadRow, at: datetime, in_stock: int) -> tuple[object, ...]:
    """A row as the table has it, as of a moment. Pure."""
    if isinstance(row, BadRow):
        return (row.line, row.product, row.id, "", True, 0, None, *_UNSAID)
    price, changes_at = row.price_at(at)
    stock = row.stock(in_stock)
    said = (
        *(row.title, row.link, row.image, row.brand, row.sku, row.categories, price),
        *(stock.policy.value, stock.tracked, stock.quantity, row.availability is not Availability.DISCONTINUED),
    )
    digest = blake2b(repr((row.product, *said)).encode("utf-8", "replace"), digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    product = row.product if row.place is None else row.id
    return (row.line, product, row.id, row.place or "", False, number, changes_at, *said)


class Stage:
    """The table, on a connection that is used for nothing else meanwhile."""

    def __init__(self, connection: Connection, at: datetime) -> None:
        self._connection, self._at = connection, at

    async def fill(self, rows: Iterator[FeedRow | BadRow], in_stock: int) -> AsyncGenerator[Seen]:
        """Stage all rows; what was seen so far, from time to time, and at the end.

        Raises:
            FeedError, FeedCut: as they say; what came before stays staged, and was seen.
        """
        await SQL.make_stage.run(self._connection)
        seen = Seen()
        broken: list[Exception] = []
        more = True
        while more and not broken:
            # In a thread: a large feed is read for a minute, and whatever else the process does goes on.
            records, more = await asyncio.to_thread(self._taken, rows, seen, in_stock, broken)
            if records:
                await self._connection.copy_records_to_table(
                    "staged_feed", records=records, columns=_COLUMNS, timeout=LONG
                )
            yield seen
        await self._drop_repeated(seen)
        seen.price_changes_at = await SQL.next_price.within(LONG).value(self._connection)
        yield seen
        for error in broken:
            raise error

    async def clear(self) -> None:
        """Let go of the rows."""
        await SQL.clear_stage.run(self._connection)

    def _taken(
        self, rows: Iterator[FeedRow | BadRow], seen: Seen, in_stock: int, broken: list[Exception]
    ) -> tuple[list[tuple[object, ...]], bool]:
        """The next rows, and whether there may be more; what ended them early is put into `broken`."""
        records: list[tuple[object, ...]] = []
        taken = 0
        try:
            for row in islice(rows, COPIED_AT_ONCE):
                taken += 1
                if isinstance(row, FeedRow):
                    seen.rows += 1
                    seen.currency = seen.currency or row.currency
                else:
                    seen.note(row.line, row.why, row.id if row.product is not None else None)
                    if row.id is None or row.product is None:
                        continue
                records.append(staged(row, self._at, in_stock))
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
