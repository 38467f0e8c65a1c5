"""How the bytes of a feed lay when it was read: in blocks of whole rows, each with the digests of its rows. Pure.

That a block of these bytes has these rows is true for ever, whatever became of them; so a block that comes again needs
no parsing, where its rows are known.
"""

import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate

_HEAD = struct.Struct(">16sBxxxII")
_CODES = {"digests": "q", "sizes": "I", "alls": "I", "counts": "I"}


@dataclass(slots=True)
class Layout:
    """The blocks of a feed, in their order.

    Attributes:
        context: a digest of all else that blocks are read by: settings, format, and what stands before the first row.
        currency: the one that the rows' digests were made by.
        digests, sizes: of each block's bytes.
        alls: how many rows each has; `counts`: how many of them have a digest. The others say nothing to us.
        rows: the digests of the rows, block after block.
        offsets: where each block begins, of one that was made by reading this very file; else there are none.
    """

    context: bytes = b""
    currency: str | None = None
    digests: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    alls: "array[int]" = field(default_factory=lambda: array("I"))
    counts: "array[int]" = field(default_factory=lambda: array("I"))
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    _starts: "array[int] | None" = None
    _order: "array[int] | None" = None

    def __len__(self) -> int:
        return len(self.digests)

    def add(self, digest: int, size: int, rows: Sequence[int], all_: int, offset: int) -> None:
        """One block more."""
        self.offsets.append(offset)
        self.digests.append(digest)
        self.sizes.append(size)
        self.alls.append(all_)
        self.counts.append(len(rows))
        self.rows.extend(rows)

    def clear(self) -> None:
        """None of them counts."""
        for each in (self.digests, self.sizes, self.alls, self.counts, self.rows, self.offsets):
            del each[:]

    def take(self, other: "Layout", first: int, last: int, offset: int) -> None:
        """These blocks of another one, which follow each other."""
        self.offsets.extend(accumulate(other.sizes[first : last - 1], initial=offset))
        self.digests += other.digests[first:last]
        self.sizes += other.sizes[first:last]
        self.alls += other.alls[first:last]
        self.counts += other.counts[first:last]
        begin, end = other.rows_between(first, last)
        self.rows += other.rows[begin:end]

    def rows_between(self, first: int, last: int) -> tuple[int, int]:
        """Where the digests of the rows of these blocks begin and end."""
        if self._starts is None:
            self._starts = array("I", accumulate(self.counts, initial=0))
        return self._starts[first], self._starts[last]

    def block_of(self, row: int) -> int:
        """The block that has a row."""
        if self._starts is None:
            self._starts = array("I", accumulate(self.counts, initial=0))
        return bisect_right(self._starts, row) - 1

    def place_of(self, digest: int) -> int | None:
        """A block with these bytes."""
        if self._order is None:
            self._order = array("I", sorted(range(len(self)), key=self.digests.__getitem__))
        place = bisect_left(self._order, digest, key=self.digests.__getitem__)
        if place == len(self) or self.digests[self._order[place]] != digest:
            return None
        return self._order[place]

    def packed(self) -> bytearray:
        """All of it, for `unpacked`: in one piece, for a million rows are many megabytes."""
        packed = bytearray(_HEAD.pack(self.context, self.currency is not None, len(self.digests), len(self.rows)))
        packed += (self.currency or "").encode().ljust(3)[:3]
        for each in (self.digests, self.sizes, self.alls, self.counts, self.rows):
            with _as_kept(each):
                packed += memoryview(each).cast("B")
        return packed

    @classmethod
    def unpacked(cls, packed: bytes | bytearray | None) -> "Layout":
        """What was packed; an empty one of nothing."""
        if not packed:
            return cls()
        context, has_currency, blocks, rows = _HEAD.unpack_from(packed)
        at = _HEAD.size + 3
        found = cls(context, packed[_HEAD.size : at].decode().strip() if has_currency else None)
        view = memoryview(packed)
        for own, many in (*((getattr(found, name), blocks) for name in _CODES), (found.rows, rows)):
            own.frombytes(view[at : at + many * own.itemsize])
            at += many * own.itemsize
            if sys.byteorder == "big":
                own.byteswap()
        return found


@contextmanager
def _as_kept(numbers: "array[int]") -> Generator[None]:
    """While these are as they are kept: the lowest byte first."""
    if sys.byteorder == "little":
        yield
        return
    numbers.byteswap()
    yield
    numbers.byteswap()
