"""Where the rows of a feed begin and end, byte by byte, without reading what they say. Pure.

Each pattern takes what its parser takes for a row, and no more: where a feed is written in a way that it does not
foresee, nothing of what follows is split.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from activities.storefronts.feeds.delimited import delimiter_of

_PLAIN = frozenset({"utf-8", "utf-8-sig", "cp1252"})
"""Encodings in which a byte of ASCII is that character, wherever it stands."""
_PLAIN_XML = re.compile(rb"(?:utf-8|us-ascii|iso-8859-\d{1,2}|windows-125\d)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Splitter:
    """How the rows of one format are told apart.

    Attributes:
        head: matches what stands before the first row.
        row: matches one row, with what parts it from the next.
        mark: what stands in a feed for a mark of ours between two rows, which its parser then finds.
        keeps_lines: its parser counts lines, so those of what is left out have to be there.
        counts_lines: it counts lines, and adds those of what is left out itself.
    """

    head: re.Pattern[bytes]
    row: re.Pattern[bytes]
    mark: Callable[[str], bytes]
    keeps_lines: bool = False
    counts_lines: bool = False


def json_splitter(encoding: str) -> Splitter | None:
    """Of an array of objects."""
    return _JSON if encoding in _PLAIN else None


def xml_splitter(begin: bytes, encoding: str) -> Splitter | None:
    """Of RSS and Atom: elements called item or entry, beside each other."""
    declared = re.match(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""", begin)
    if encoding not in _PLAIN or (declared and _PLAIN_XML.match(declared[1]) is None):
        return None
    return _XML


def text_splitter(begin: bytes, encoding: str) -> Splitter | None:
    """Of CSV and TSV."""
    if encoding not in _PLAIN:
        return None
    delimiter = re.escape(delimiter_of(begin.decode(encoding, "replace")).encode())
    cell = rb'(?:"(?:[^"]++|"")*+"|(?!"))[^\r\n%b]*+' % delimiter
    line = rb"%b(?:%b%b)*+\r?\n" % (cell, delimiter, cell)
    unsaid = rb'[ \t"]*(?:#[^"\r\n]*+)?\r?\n'
    head = rb"(?:\xef\xbb\xbf)?(?:%b)*+%b" % (unsaid, line)
    return Splitter(re.compile(head), re.compile(line), lambda mark: mark.encode() + b"\n", counts_lines=True)


def _json() -> Splitter:
    text = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
    inside = rb'[^"{}\[\]]*+(?:%b[^"{}\[\]]*+)*+' % text
    for _ in range(3):  # An item of a catalogue is hardly deeper.
        inside = rb'[^"{}\[\]]*+(?:(?:%b|[\[{]%b[\]}])[^"{}\[\]]*+)*+' % (text, inside)
    space = rb"[ \t\r\n]*+"
    return Splitter(
        re.compile(rb"(?:\xef\xbb\xbf)?%b\[%b" % (space, space)),
        re.compile(rb"\{%b\}%b,%b" % (inside, space, space), re.DOTALL),
        lambda mark: b'"%b",' % mark.encode(),
    )


def _xml() -> Splitter:
    name = rb"(?:[\w.-]+:)?(?:item|entry)"
    cdata = rb"<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+\]\]>"
    comment = rb"<!--(?:[^-]++|-(?!->))*+-->"
    instruction = rb"<\?(?:[^?]++|\?(?!>))*+\?>"
    other = rb"<(?!/?%b[\s/>])[^!?<>][^<>]*+>" % name
    inside = rb"(?:[^<]++|%b|%b|%b|%b)*+" % (other, cdata, comment, instruction)
    return Splitter(
        re.compile(rb"%b(?=<%b[\s>])" % (inside, name)),
        re.compile(rb"<(%b)(?:\s[^<>]*+)?(?<!/)>%b</\1\s*+>\s*+" % (name, inside)),
        lambda mark: b"<?%b?>" % mark.encode(),
        keeps_lines=True,
    )


_JSON, _XML = _json(), _xml()
