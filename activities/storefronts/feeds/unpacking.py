"""A feed's bytes as text formats want them: unpacked by what they are, not by their name, and never much at once."""

import codecs
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO, cast

from activities.storefronts.feeds.rows import FeedCut, FeedError, Passed

LARGEST_FEED = 4 * 1024**3
"""Bytes, unpacked: Google's own bound for a file. https://support.google.com/merchants/answer/7439058"""
LARGEST_ROW = 1024 * 1024
"""Bytes. What is read for one row lies in memory, and may there be many times as large."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 256 * 1024


class Metered:
    """A stream that gives only so much in all, and only so much between one row and the next."""

    def __init__(self, stream: BinaryIO, most: int = LARGEST_FEED, row: int = LARGEST_ROW) -> None:
        self._stream, self._left, self._row, self._of_row = stream, most, row, row

    def row_read(self) -> None:
        """A row is complete."""
        self._of_row = self._row

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or fewer; none at the end.

        Raises:
            FeedError: the feed, or one of its rows, is too large.
            FeedCut: it cannot be unpacked to its end.
        """
        wanted = 64 * 1024 if size < 0 else min(size, 64 * 1024)
        try:
            chunk = self._stream.read(wanted)
        except (EOFError, zlib.error, OSError, zipfile.BadZipFile) as error:
            raise FeedCut(f"The feed cannot be unpacked to its end ({type(error).__name__}).") from None
        self._left -= len(chunk)
        self._of_row -= len(chunk)
        if self._left < 0:
            raise FeedError(f"The feed is larger than {LARGEST_FEED >> 30} GiB unpacked: split it.")
        if self._of_row < 0:
            raise FeedError(f"A row of the feed is larger than {self._row >> 20} MiB, or there is no row in it at all.")
        return chunk


@contextmanager
def unpacked(file: BinaryIO) -> Generator[Metered]:
    """The content of a file that is at its beginning: of a gzip, of a zip with one file in it, or of itself.

    Raises:
        FeedError: it is an archive that cannot be read.
    """
    begin = file.read(4)
    file.seek(0)
    if begin[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as opened:
            yield Metered(cast("BinaryIO", opened))
    elif begin == b"PK\x03\x04":
        with _zipped(file) as opened:
            yield Metered(opened)
    else:
        yield Metered(file)


@contextmanager
def _zipped(file: BinaryIO) -> Generator[BinaryIO]:
    try:
        archive = zipfile.ZipFile(file)
        names = [each for each in archive.infolist() if not each.is_dir()][:2]
        if len(names) != 1:
            raise FeedError("The feed is a zip archive with several files in it, or none: put one into it.")
        opened = archive.open(names[0])
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, struct.error) as error:
        raise FeedCut(f"The feed is a zip archive that is damaged or cut off ({type(error).__name__}).") from None
    except (NotImplementedError, RuntimeError):
        raise FeedError("The feed is a zip archive that is encrypted, or packed in an unusual way.") from None
    with archive, opened:
        yield cast("BinaryIO", opened)


def encoding_of(begin: bytes) -> str:
    """By its mark; by the zeros of UTF-16; else UTF-8, or Windows-1252 where it cannot be that."""
    for mark, encoding in _MARKS:
        if begin.startswith(mark):
            return encoding
    if len(begin) >= 4 and begin[0] and not begin[1] and not begin[3]:
        return "utf-16-le"
    if len(begin) >= 4 and not begin[0] and begin[1] and not begin[2]:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(begin)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


class Peeked(io.RawIOBase):
    """A metered stream whose beginning was looked at, and is still to be read."""

    def __init__(self, stream: Metered) -> None:
        begin = bytearray()
        while len(begin) < _LOOKED_AT and (chunk := stream.read(_LOOKED_AT - len(begin))):
            begin += chunk
        stream.row_read()  # What was looked at is of many.
        self.begin = bytes(begin)
        self._unread = io.BytesIO(self.begin)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._unread.read(size) or self._stream.read(size)

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(cast("bytearray", buffer))
        chunk = self.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)

    def row_read(self) -> None:
        """A row is complete."""
        self._stream.row_read()

    def passed(self, mark: object) -> Passed | None:
        """What lies before a mark, if that is one."""
        return None

    def text(self, encoding: str) -> io.TextIOWrapper:
        """Its text; what does not fit the encoding is a question mark in a lozenge."""
        return io.TextIOWrapper(io.BufferedReader(self, 64 * 1024), encoding, errors="replace", newline="")
