"""A feed on its way to its parser, without the blocks of it that are as they were. Streamed, in bounded memory.

Between two rows the parser finds a mark for each run of blocks that was left out, and after each block that was not;
what a mark stands for waits here, in their order. A mark that does not come, or not in its turn, shows that the rows
were told apart wrongly: then the feed is read without any of this.
"""

import secrets
import zlib
from collections import deque
from collections.abc import Callable
from hashlib import blake2b

from activities.storefronts.feeds.layout import Layout
from activities.storefronts.feeds.rows import LayoutVoid, Passed
from activities.storefronts.feeds.splitting import Splitter
from activities.storefronts.feeds.unpacking import Peeked

LEAST_ROWS, MOST_ROWS = 3, 32
"""Of a block. Between them one ends where a digest of its last row says so: so it does wherever else it stands."""
ONE_IN = 3
"""Rows that say so."""
LONGEST_ROW = 256 * 1024
"""Bytes. One that is longer ends the splitting."""
_CHUNK = 64 * 1024


class Skipping(Peeked):
    """The stream.

    Args:
        known: the blocks that may be left out, as they were in their order.
        may_pass: whether a block may be left out, by its place.
        settings: what else the rows are read by.
    """

    def __init__(
        self,
        stream: Peeked,
        splitter: Splitter,
        known: Layout,
        may_pass: Callable[[int], bool],
        settings: bytes,
    ) -> None:
        self.begin = stream.begin
        self._whole, self._splitter, self._known, self._may_pass = stream, splitter, known, may_pass
        self._settings, self._name = settings, f"m{secrets.token_hex(8)}"
        self._buffer, self._at, self._ended = b"", 0, False
        self._ready = bytearray()
        self._passed: deque[Passed] = deque()
        self._given = self._taken = 0
        self._likely: int = 0
        self._offset: int = 0
        self._context = blake2b()
        self.splits = True
        self.context = self._begin()

    def _begin(self) -> bytes:
        """Take what stands before the first row. Returns a digest of it, and of what else blocks are read by."""
        self._more(LONGEST_ROW)
        found = self._splitter.head.match(self._buffer)
        if found is None or found.end() == len(self._buffer):
            self.splits = False
            return b""
        head = found[0]
        self._ready += head
        self._at = self._offset = len(head)
        context = blake2b(self._settings + b"\0" + head, digest_size=16).digest()
        self._context = blake2b(context, digest_size=8)
        if self._known.context != context:
            self._known = Layout()
        return context

    def row_read(self) -> None:
        self._whole.row_read()

    def read(self, size: int = -1, /) -> bytes:
        wanted = _CHUNK if size < 0 else size
        while len(self._ready) < wanted and self.splits:
            self._step(wanted)
        if self._ready:
            chunk = bytes(self._ready[:wanted])
            del self._ready[:wanted]
            return chunk
        if self._at < len(self._buffer):
            chunk = self._buffer[self._at : self._at + wanted]
            self._at += len(chunk)
            return chunk
        return b"" if self._ended else self._whole.read(wanted)

    def passed(self, mark: object) -> Passed | None:
        """What lies before a mark, if that is one.

        Raises:
            LayoutVoid: it is not the next one.
        """
        if not isinstance(mark, str) or not mark.startswith(self._name):
            return None
        if not self._passed or mark != f"{self._name}{self._taken}":
            raise LayoutVoid
        self._taken += 1
        return self._passed.popleft()

    def finish(self) -> None:
        """All has been read.

        Raises:
            LayoutVoid: not all marks were found.
        """
        if self._passed:
            raise LayoutVoid

    def _step(self, wanted: int) -> None:
        """Leave out what is as it was, then give what is not."""
        first, offset, lines = self._likely, self._offset, 0
        while len(self._ready) < wanted and (size := self._as_before()):
            lines += self._leave(size)
        if self._likely > first:
            rows = sum(self._known.alls[first : self._likely])
            self._put(Passed(first, self._likely, rows, lines, offset=offset))
            return
        size = self._next_block()
        if not size:
            self.splits = False
            return
        digest = self._digest(size)
        place = self._known.place_of(digest)
        if place is not None:
            self._likely = place
            if self._known.sizes[place] == size and self._may_pass(place):
                return
        passed = Passed(digest=digest, size=size, offset=self._offset)
        self._give(size)
        self._put(passed)
        self._likely += 1  # As a rule it stands in the place of the one that was there.

    def _leave(self, size: int) -> int:
        """Go on behind a block. Returns how many line breaks its parser has to add."""
        lines = 0
        if self._splitter.keeps_lines:
            self._ready += b"\n" * self._buffer.count(b"\n", self._at, self._at + size)
        elif self._splitter.counts_lines:
            lines = self._buffer.count(b"\n", self._at, self._at + size)
        self._at += size
        self._offset += size
        self._likely += 1
        return lines

    def _give(self, size: int) -> None:
        """Let its parser have these bytes."""
        self._more(size)
        if len(self._buffer) - self._at < size:
            raise LayoutVoid
        self._ready += memoryview(self._buffer)[self._at : self._at + size]
        self._at += size
        self._offset += size

    def _as_before(self) -> int:
        """How many bytes the block has that is likely to come next, and may be left out; 0: it does not, or may not."""
        place = self._likely
        if place >= len(self._known):
            return 0
        size = self._known.sizes[place]
        self._more(size)
        if len(self._buffer) - self._at < size or self._digest(size) != self._known.digests[place]:
            return 0
        return size if self._may_pass(place) else 0

    def _next_block(self) -> int:
        """How many bytes the next block has; 0: no row can be told from the next."""
        at, rows = self._at, 0
        while rows < MOST_ROWS:
            found = self._splitter.row.match(self._buffer, at)
            if found is None or found.end() == len(self._buffer):
                begun = at - self._at
                if self._ended or len(self._buffer) - at > LONGEST_ROW:
                    break
                self._more(len(self._buffer) - self._at + _CHUNK)
                at = self._at + begun
                continue
            at = found.end()
            rows += 1
            if rows >= LEAST_ROWS and zlib.crc32(found[0]) % ONE_IN == 0:
                break
        return at - self._at

    def _digest(self, size: int) -> int:
        digest = self._context.copy()
        digest.update(memoryview(self._buffer)[self._at : self._at + size])
        return int.from_bytes(digest.digest(), "big", signed=True)

    def _more(self, size: int) -> None:
        """Have so many bytes before us, if there are."""
        if len(self._buffer) - self._at >= size or self._ended:
            return
        if self._at:
            self.row_read()  # One at least, since it was read from last.
        parts = [self._buffer[self._at :]]
        have = len(parts[0])
        while have < size:
            chunk = self._whole.read(_CHUNK)
            if not chunk:
                self._ended = True
                break
            parts.append(chunk)
            have += len(chunk)
        self._buffer, self._at = b"".join(parts), 0

    def _put(self, passed: Passed) -> None:
        self._passed.append(passed)
        self._ready += self._splitter.mark(f"{self._name}{self._given}")
        self._given += 1


class Seeking(Skipping):
    """The stream of a feed that was read a moment ago, by the layout that was made then: nothing of it is compared."""

    def _step(self, wanted: int) -> None:
        known, first, offset, lines = self._known, self._likely, self._offset, 0
        while len(self._ready) < wanted and self._is_here() and self._may_pass(self._likely):
            self._more(known.sizes[self._likely])
            lines += self._leave(known.sizes[self._likely])
        if self._likely > first:
            self._put(Passed(first, self._likely, sum(known.alls[first : self._likely]), lines, offset=offset))
        elif first == len(known):
            self.splits = False
        elif self._is_here():
            self._likely += 1
            self._give(known.sizes[first])
        else:
            self._give(min(known.offsets[first] - offset, _CHUNK))

    def _is_here(self) -> bool:
        """Whether a block of the layout begins here."""
        return self._likely < len(self._known) and self._known.offsets[self._likely] == self._offset
