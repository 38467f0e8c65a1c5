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
from operator import itemgetter

from activities.storefronts.feeds.amounts import read_price
from activities.storefronts.feeds.columns import Columns
from activities.storefronts.feeds.rows import BadRow, FeedRow, RawRow

READING = 1
"""Which way of reading cells this is: with another number every row of every feed is converted once more."""
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

    def see(self, digest: int | None) -> bool:
        """Whether it is one of them; then it was seen once more."""
        if digest is None:
            return False
        place = bisect_left(self._digests, digest)
        if place == len(self._digests) or self._digests[place] != digest:
            return False
        self._times[place] = min(2, self._times[place] + 1)
        return True

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

    Attributes:
        currency: that of the first row that names one. A store's prices are in one: those in another are not read.
    """

    def __init__(self, columns: Columns, in_stock: int = 1) -> None:
        self._columns = columns
        self._settings = f"{READING} {columns.country} {in_stock} "
        self.currency: str | None = None
        self._names: tuple[str, ...] | None = None
        self._of_currency: str | None = None
        self._before = b""

    def changed(self, rows: Iterable[RawRow | BadRow], known: Known) -> Iterator[ReadRow | None]:
        """Those that are not known, and those of the same product beside them; None for each that is."""
        same: list[tuple[int, int | None, RawRow]] = []
        product: object = None
        changed = False
        names, by = tuple[str, ...](), _product_of(())
        for nth, raw in enumerate(rows):
            if isinstance(raw, BadRow):
                yield ReadRow(nth, None, raw)
                continue
            if raw.names is not names:
                names, by = raw.names, _product_of(raw.names)
            of = by(raw.values)
            if of != product or len(same) >= LONGEST_RUN:
                yield from (None for _ in same)
                same.clear()
                product, changed = of, False
            told = self.currency or _currency(raw)
            digest = self._digest(raw, told)
            if known.see(digest):
                self.currency = told
                if not changed:
                    same.append((nth, digest, raw))
                    continue
            changed = True
            for each in (*same, (nth, digest, raw)):
                yield from self._converted(*each)
            same.clear()
        yield from (None for _ in same)

    def wanted(self, rows: Iterable[RawRow | BadRow], wanted: Known) -> Iterator[ReadRow | None]:
        """Those that are wanted; None for each other one."""
        for nth, raw in enumerate(rows):
            if isinstance(raw, BadRow):
                yield None
                continue
            told = self.currency or _currency(raw)
            is_wanted = wanted.see(self._digest(raw, told))
            if is_wanted or self.currency != told:
                found = self._converted(nth, self._digest(raw, told), raw)
                yield from (each if is_wanted else None for each in found)
            else:
                yield None

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
