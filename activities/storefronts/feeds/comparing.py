"""The rows of a feed beside those of the last time: only what changed is read as more than its cells. Pure.

A row whose cells are as they were means what it meant, and is not converted: of a million rows that is nearly all the
work. What it means by the clock is for others to say: they leave such rows out of those that are known.
"""

import marshal
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import repeat
from operator import itemgetter, ne
from typing import cast

from activities.storefronts.feeds.amounts import read_price
from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.layout import Layout
from activities.storefronts.feeds.reading import Leaving
from activities.storefronts.feeds.rows import BadRow, FeedRow, LayoutVoid, Passed, RawRow, ReadItem

READING = 2
"""Which way of reading cells, and of keeping layouts, this is: with another number every row of every feed is converted
once more.
"""
LONGEST_RUN = 100
"""Rows of one product in a line that are kept until it is known whether one of them has changed."""


class Known:
    """Digests of rows, and how often each was seen: nine bytes of memory for each.

    Args:
        packed: 64 bits each, signed, the highest byte first; in their order, each once.
    """

    def __init__(self, packed: bytes = b"") -> None:
        self._digests = array("q", packed)
        if sys.byteorder == "little":
            self._digests.byteswap()
        self._times = bytearray(len(self._digests))

    def __len__(self) -> int:
        return len(self._digests)

    def __iter__(self) -> Iterator[int]:
        return iter(self._digests)

    def see(self, digest: int | None) -> bool:
        """Whether it is one of them; then it was seen once more."""
        if digest is None:
            return False
        place = bisect_left(self._digests, digest)
        if place == len(self._digests) or self._digests[place] != digest:
            return False
        self._times[place] = min(2, self._times[place] + 1)
        return True

    def places(self, digests: "array[int]") -> "array[int]":
        """Where each of these is among them; -1: nowhere."""
        own = self._digests
        places = array("i", map(bisect_left, repeat(own), digests))
        many = len(own)
        own.append(0)  # What belongs behind the last is met there.
        for nth, is_another in enumerate(map(ne, map(own.__getitem__, places), digests)):
            if is_another or places[nth] == many:
                places[nth] = -1
        own.pop()
        return places

    def see_all(self, places: Iterable[int]) -> None:
        """Those that are at these places were seen once more."""
        times = self._times
        for place in places:
            times[place] = 2 if times[place] else 1

    def unseen(self) -> Iterator[int]:
        """Those that were not seen."""
        return (digest for digest, times in zip(self._digests, self._times, strict=True) if not times)

    def repeated(self) -> Iterator[int]:
        """Those that were seen more than once."""
        return (digest for digest, times in zip(self._digests, self._times, strict=True) if times > 1)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row that was converted.

    Attributes:
        nth: of all rows, from 0.
        raw: the digest of its cells, and of what else they are read by; None: it cannot be known again.
    """

    nth: int
    raw: int | None
    row: FeedRow | BadRow


class Comparing:
    """One reading of a feed's rows, in their order.

    Args:
        in_stock: units that rows mean by "in stock"; with another number they mean something else.
        before: the blocks that may be left out.

    Attributes:
        currency: that of the first row that names one. A store's prices are in one: those in another are not read.
        layout: the blocks that were met.
    """

    def __init__(self, columns: Columns, in_stock: int = 1, before: Layout | None = None) -> None:
        self._columns, self._before_now = columns, before or Layout()
        self._settings = f"{READING} {columns.country} {in_stock} "
        self.currency: str | None = None
        self.layout = Layout()
        self._names: tuple[str, ...] | None = None
        self._of_currency: str | None = None
        self._before = b""
        self._block: list[int] = []
        self._begun_with: str | None = None
        self._unlike = False
        self._nth = 0
        self._places = array("i")
        self._noted_to = 0

    def leaving(self, known: Known, *, wanted: bool = False) -> Leaving:
        """What may be left out of the reading: blocks whose rows are all known.

        Args:
            wanted: blocks of which no row is, of the file that they were made of.
        """
        before = self._before_now
        if wanted:
            some = set(known)
            stuck = {before.block_of(nth) for nth, each in enumerate(before.rows) if each in some}
        else:
            self._places = known.places(before.rows)
            stuck = {before.block_of(nth) for nth, place in enumerate(self._places) if place < 0}
        return Leaving(before, lambda block: block not in stuck, self._settings.encode(), self.layout, again=wanted)

    def changed(self, rows: Iterable[ReadItem], known: Known) -> Iterator[ReadRow | int]:
        """Those that are not known, and those of the same product beside them; else how many there are that are.

        Raises:
            LayoutVoid: what was left out was read by something else.
        """
        same: list[tuple[int, int | None, RawRow]] = []
        product: object = None
        changed = False
        names, by = tuple[str, ...](), _product_of(())
        for raw in rows:
            if not isinstance(raw, RawRow):
                if isinstance(raw, BadRow):
                    yield ReadRow(self._nth, None, raw)
                    self._nth, self._unlike = self._nth + 1, True
                elif raw.first is None:
                    self._note(raw)
                else:
                    yield len(same) + self._left_out(raw, raw.first, known)
                    same.clear()
                    product, changed = None, False
                continue
            if raw.names is not names:
                names, by = raw.names, _product_of(raw.names)
            of = by(raw.values)
            if of != product or len(same) >= LONGEST_RUN:
                if same:
                    yield len(same)
                    same.clear()
                product, changed = of, False
            nth, self._nth = self._nth, self._nth + 1
            told = self.currency or _currency(raw)
            digest = self._digest(raw, told)
            if known.see(digest):
                self.currency = told
                self._block.append(cast("int", digest))
                if changed:
                    yield from self._converted(nth, digest, raw)
                else:
                    same.append((nth, digest, raw))
                continue
            changed = True
            for each in same:
                yield from self._converted(*each)
            same.clear()
            for found in self._converted(nth, digest, raw):
                self._meet(found)
                yield found
        if same:
            yield len(same)

    def wanted(self, rows: Iterable[ReadItem], wanted: Known) -> Iterator[ReadRow | int]:
        """Those that are wanted; else how many there are that are not.

        Raises:
            LayoutVoid: what was left out was read by something else.
        """
        for raw in rows:
            if not isinstance(raw, RawRow):
                if isinstance(raw, BadRow):
                    self._nth += 1
                    yield 1
                elif raw.first is not None:
                    yield self._left_out(raw, raw.first, wanted)
                continue
            nth = self._nth
            self._nth += 1
            told = self.currency or _currency(raw)
            digest = self._digest(raw, told)
            is_wanted = wanted.see(digest)
            if is_wanted or self.currency != told:
                found = self._converted(nth, digest, raw)
                yield from (each if is_wanted else 1 for each in found)
            else:
                yield 1

    def _left_out(self, passed: Passed, first: int, known: Known) -> int:
        before, now = self._before_now, self.layout
        if self.currency != before.currency:
            raise LayoutVoid
        if now.currency != self.currency:
            now.clear()
            now.currency = self.currency
        begin, end = before.rows_between(first, passed.last)
        known.see_all(self._places[begin:end])
        now.take(before, first, passed.last, passed.offset)
        self._nth += passed.rows
        self._begin_block()
        return end - begin

    def _meet(self, found: ReadRow) -> None:
        """A row that is new."""
        if found.raw is None or isinstance(found.row, BadRow):
            self._unlike = True
        else:
            self._block.append(found.raw)

    def _note(self, passed: Passed) -> None:
        """A block ends here. It comes again only where each row of it can be known again, by what it began with."""
        if not self._unlike and self._begun_with == self.currency:
            if self.layout.currency != self.currency:
                self.layout.clear()
                self.layout.currency = self.currency
            self.layout.add(passed.digest, passed.size, self._block, self._nth - self._noted_to, passed.offset)
        self._begin_block()

    def _begin_block(self) -> None:
        self._block, self._unlike, self._begun_with, self._noted_to = [], False, self.currency, self._nth

    def _digest(self, raw: RawRow, currency: str | None) -> int | None:
        if raw.names is not self._names or currency != self._of_currency:
            self._names, self._of_currency = raw.names, currency
            self._before = f"{self._settings}{currency} {raw.names} ".encode()
        try:
            # Faster than any other way; where it writes the same things otherwise they are converted once more. In its
            # second version what it writes does not depend on where else in the process a text is.
            values = marshal.dumps(raw.values, 2)  # pyright: ignore[reportArgumentType] ValueError says what it cannot
        except ValueError:  # Not whole numbers, or lists in lists without end.
            try:
                values = repr(raw.values).encode("utf-8", "replace")
            except RecursionError:
                return None
        return int.from_bytes(blake2b(self._before + values, digest_size=8).digest(), "big", signed=True)

    def _converted(self, nth: int, digest: int | None, raw: RawRow) -> Iterator[ReadRow]:
        row = self._columns.row(raw.line, raw.cells)
        if isinstance(row, FeedRow) and row.currency is not None and row.currency != self.currency:
            if self.currency is not None:
                row = BadRow(row.line, "price: it is in another currency than the first one", row.id, row.product)
            else:
                self.currency = row.currency
        if row is not None:
            yield ReadRow(nth, digest, row)


def _product_of(names: tuple[str, ...]) -> Callable[[tuple[object, ...]], object]:
    """What a row with cells of these names is of, as it says."""
    group, id_ = (names.index(each) if each in names else None for each in ("group", "id"))
    if id_ is None:
        return lambda _: None
    if group is None:
        return itemgetter(id_)
    return lambda values: values[group] or values[id_]


def _currency(raw: RawRow) -> str | None:
    """The currency of a row, if it can be read."""
    cells = raw.cells
    for name in ("price", "sale_price"):
        with suppress(ValueError):
            if (currency := read_price(cells.get(name))[1]) is not None:
                return currency
    return None
