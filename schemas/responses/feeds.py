"""Catalogue feeds, as API and CLI show them."""

from typing import Literal

from pydantic import AwareDatetime

from schemas.model import Model
from schemas.time.durations import Duration


class FeedReport(Model):
    """Where a feed is read from, and what became of it.

    Attributes:
        url: without what follows its question mark, where there may be a token.
        format: None: known by its content.
        keep_share: with fewer rows than this share of the last time's it is held.
        due_at: when it is read next.
        read_at: when it was applied last; None: never. `rows` and `unread` were in it then.
        failures: how often in a row it could not be read, the last time for `failed_with`.
        held_for: nothing of it is applied, for it is 'empty', 'cut' (it breaks off) or 'shrunken', and had `held_rows`.
    """

    store: str
    feed: str
    url: str
    format: str | None
    mapping: dict[str, str]
    country: str | None
    in_stock_units: int
    every: Duration
    keep_share: float
    due_at: AwareDatetime
    read_at: AwareDatetime | None
    rows: int | None
    unread: int | None
    failures: int
    failed_with: str | None
    held_for: str | None
    held_rows: int | None
    held_at: AwareDatetime | None


class FeedReports(Model):
    """All feeds."""

    feeds: tuple[FeedReport, ...]


class FeedMistake(Model):
    """A row that could not be read. `line`: of JSON the number of the item; 0: of the feed as a whole."""

    line: int
    id: str | None
    why: str


class FeedRead(Model):
    """What came of reading a feed once.

    Attributes:
        became: `unchanged`: its server says that it is as it was; `held`: nothing was applied, for `held_for`.
        rows, unread: what was in it; the first of those that could not be read are `mistakes`.
        added, changed, gone: products.
        levels: units at single places.
    """

    store: str
    feed: str
    became: Literal["applied", "unchanged", "held"]
    held_for: str | None
    rows: int
    unread: int
    added: int
    changed: int
    gone: int
    levels: int
    mistakes: tuple[FeedMistake, ...]
