"""A feed as it is kept: where it is read from, and whether what was read of it is to be believed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from activities.storefronts.feeds.reading import FeedFormat
from schemas.ids import StoreId


class Problem(StrEnum):
    """Why a feed is not believed."""

    EMPTY = "empty"
    CUT = "cut"
    SHRUNKEN = "shrunken"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of a store: the columns of its table."""

    store_id: StoreId
    name: str
    url: str
    format: FeedFormat | None
    mapping: Mapping[str, str]
    country: str | None
    in_stock_units: int
    every: timedelta
    keep_share: Decimal
    etag: str | None
    last_modified: str | None
    content: bytes | None
    due_at: datetime
    asked_at: datetime | None
    read_at: datetime | None
    rows: int | None
    unread: int | None
    price_changes_at: datetime | None
    failures: int
    failed_with: str | None
    held_for: Problem | None
    held_rows: int | None
    held_at: datetime | None
    accepted_at: datetime | None


def problem(feed: Feed, rows: int, *, cut: bool) -> Problem | None:
    """Why a feed with so many rows is not believed; None: it is. Pure."""
    found = None
    if cut:
        found = Problem.CUT
    elif rows == 0:
        found = Problem.EMPTY
    elif rows < (feed.rows or 0) * feed.keep_share:
        found = Problem.SHRUNKEN
    accepted = feed.accepted_at is not None and found is feed.held_for
    # What was accepted is what was seen then: if even less comes, that was not.
    return None if accepted and rows >= (feed.held_rows or 0) * feed.keep_share else found
