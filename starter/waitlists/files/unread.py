"""Columns that are taken for nothing, and may say who must not be written to: the import stops and asks.

Rules: whoever was told, has left or never confirmed is not entered because a header is not known; a column that says
the same of everyone who waits, and nothing against it, is not asked about.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from starter.waitlists.files.columns import HEADERS, ON_WORDS, Column, plain_name, says_no
from starter.waitlists.files.table import CannotReadWaitlist, Table


class UnclearColumns(CannotReadWaitlist):
    """Columns that are not read look as if they said who must not be written to, or how many somebody wants."""

    code = "unclear_columns"


def _says_yes(cell: str) -> bool:
    return plain_name(cell) in ON_WORDS


def _at_most_one(cell: str) -> bool:
    return says_no(cell) or bool(re.fullmatch(r"1([.,]0*)?", cell.strip()))


@dataclass(frozen=True, slots=True)
class _Look:
    """What a header may mean.

    Attributes:
        meaning: what it seems to say, after "seems to say".
        header: in a header's words, small and apart.
        column: what it is to be named as.
        harmless: whether a cell says nothing against writing to somebody.
    """

    meaning: str
    header: re.Pattern[str]
    column: Column
    harmless: Callable[[str], bool]


_LOOKS = (
    _Look(
        "who was told already",
        re.compile(
            r"notif|\bsent\b|\btold\b|deliver|e?mailed|alerted|remind|contacted|informed|purchas|bought|convert"
        ),
        Column.TOLD,
        says_no,
    ),
    _Look(
        "who has left",
        re.compile(
            r"unsub|opt(ed)? ?out|cancel|delet|remov|inactiv|expir|suppress|bounc|block|disabl|archiv|trash|spam|closed"
        ),
        Column.LEFT,
        says_no,
    ),
    _Look("who still waits", re.compile(r"status|\bstate\b"), Column.STATUS, says_no),
    _Look("who still waits", re.compile(r"active|enabl|\bsubscribed\b"), Column.ACTIVE, _says_yes),
    _Look(
        "who confirmed, or agreed to be written to",
        re.compile(r"verif|confirm|validat|approv|consent|agree|accept|opt(ed)? ?in\b|gdpr|permission"),
        Column.VERIFIED,
        _says_yes,
    ),
    _Look(
        "how many somebody wants",
        re.compile(r"quantit|\bqty\b|\bunits?\b|\bpieces\b|\bamount\b|\bcount\b|\bwanted\b"),
        Column.QUANTITY,
        _at_most_one,
    ),
)
"""The first that fits counts."""


def ask_about_unread(table: Table, columns: Mapping[str, str], ignored: Collection[str]) -> None:
    """Stop where a column that nobody reads looks as if it mattered.

    Args:
        columns, ignored: as the caller said them: what was left out on purpose is not asked about.

    Raises:
        UnclearColumns: with a question for each, and how to answer it.
    """
    left_out = {plain_name(name) for name in ignored}
    for value, name in columns.items():
        if not name:
            left_out |= {plain_name(header) for header in HEADERS[Column(value)]}
    questions: list[str] = []
    for place in table.unread():
        header = table.header[place]
        look = next((look for look in _LOOKS if look.header.search(_words(header))), None)
        if look and plain_name(header) not in left_out and not all(map(look.harmless, table.cells(place))):
            questions.append(_question(header, look))
    if questions:
        raise UnclearColumns("\n".join(("Not everything is read that may matter:", *questions)))


def _question(header: str, look: _Look) -> str:
    return (
        f"- '{header}' seems to say {look.meaning}. If it does, say --column \"{look.column}={header}\"; if it does "
        f'not matter, --ignore "{header}".'
    )


def _words(header: str) -> str:
    """A header's words, small and a space apart: `lastNotified_at` is `last notified at`."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", header)
    return apart.casefold().strip()
