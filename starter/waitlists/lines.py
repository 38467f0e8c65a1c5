"""Lines as people look after them: which there are, one with its arithmetic, who is in it, and what it was told of."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import AwareDatetime, TypeAdapter

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, snapshot
from activities.postgres.queries import load_queries
from activities.stock.products import UnknownProduct, UnknownVariant
from schemas.ids import AlertId, ContactId, JourneyId, Level, StoreId, Subject
from schemas.model import Model
from schemas.reasons import Reason
from schemas.responses.lines import (
    EpisodePart,
    EpisodeReport,
    InLine,
    InLinePage,
    LineNow,
    LinePage,
    LineReport,
    LineTerms,
    LineTotals,
)

SQL = load_queries("starter.waitlists", "lines.sql")

LARGEST_PAGE = 500
LOOKED_AT = 500
"""Of those whom the shelf calls forward next, as many are marked in a page."""
MOST_CALLED = 200
MOST_EPISODES = 12
PARTS = 24
"""Of an episode, in which places are counted."""
NO_LINES = LineTotals(lines=0, waiting=0, units=0, unconfirmed=0, called=0)

M = TypeVar("M", bound=Model)


class LineSort(StrEnum):
    """What lines are put in order by."""

    WAITING = "waiting"
    UNITS = "units"
    TITLE = "title"


class LinesShown(StrEnum):
    """Which lines are asked for: any, or those of which one thing is so."""

    ALL = "all"
    LONG = "long"
    OFFERED = "offered"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class WantedLines:
    """Which lines are asked for.

    Attributes:
        stores: only of these; None: of all.
        text: in the title of product or variant, in the SKU, or one of their ids.
    """

    stores: Sequence[StoreId] | None = None
    alert: str | None = None
    text: str | None = None
    show: LinesShown = LinesShown.ALL
    sort: LineSort = LineSort.WAITING


@dataclass(frozen=True, slots=True)
class _Row:
    store_id: StoreId
    subject: str
    product_id: str
    product_title: str
    variant_title: str | None
    sku: str | None
    alerts: Sequence[AlertId]
    waiting: int
    units: int
    unconfirmed: int
    called: int
    told: int
    left: int
    to_order: int
    offered: int
    paused: bool
    gone: bool
    long_since: datetime | None
    rank: int
    name: str
    totals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Thing:
    product_id: str
    product_title: str
    variant_title: str | None
    sku: str | None
    on_sale: bool
    gone: bool
    successor: str | None
    units: int


@dataclass(frozen=True, slots=True)
class _Person:
    number: int
    journey_id: JourneyId
    contact_id: ContactId
    address: str | None
    entered_at: datetime
    window_ends_at: datetime
    quantity: int
    told_before: int
    late: bool
    called: bool
    would_be_called: bool
    why_not: Reason | None


@dataclass(frozen=True, slots=True)
class _Episode:
    id: int
    alert: AlertId
    opened_at: datetime
    closed_at: datetime | None
    arrived: int
    places: int | None
    given: int
    called: int
    told: int
    lapsed: int
    returned: int
    refused: int
    took: int


@dataclass(frozen=True, slots=True)
class _Part:
    id: int
    part: int
    given: int


class WaitingLines:
    """The lines of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, wanted: WantedLines, after: str | None = None, limit: int = 50) -> LinePage:
        """A page of the lines in which somebody is.

        Args:
            after: `next` of the page before; None, or what is none: from the beginning.
        """
        limit = max(1, min(limit, LARGEST_PAGE))
        rank, name, store, subject = _read(_OF_PAGE, after) or (None, "", "", "")
        rows = await SQL.page.rows(
            self._pool,
            _Row,
            stores=wanted.stores,
            alert=wanted.alert,
            text=wanted.text or None,
            show=wanted.show,
            sort=wanted.sort,
            rank=rank,
            name=name,
            after_store=store,
            after_subject=subject,
            most=limit + 1,
        )
        shown = rows[:limit]
        last = shown[-1] if len(rows) > limit else None
        return LinePage(
            totals=LineTotals.model_validate(rows[0].totals) if rows else NO_LINES,
            lines=tuple(_as(LineNow, each, alerts=tuple(each.alerts)) for each in shown),
            next=_as_cursor(last.rank, last.name, last.store_id, last.subject) if last else None,
        )

    async def show(self, subject: Subject) -> LineReport:
        """One line, with what its alerts give of the units that are there.

        Raises:
            UnknownVariant, UnknownProduct: as they say.
        """
        ids = {"store_id": subject.store_id, "subject": subject.key}
        async with snapshot(self._pool) as at:
            thing = await SQL.thing.row(at, _Thing, **ids)
            if thing is None:
                raise (UnknownVariant if subject.level is Level.VARIANT else UnknownProduct)(str(subject))
            terms = await SQL.terms.rows(at, LineTerms, **ids)
        return _as(LineReport, thing, store_id=subject.store_id, subject=subject.key, alerts=tuple(terms))

    async def people(
        self, subject: Subject, terms: LineTerms, after: str | None = None, limit: int = 50, seen_by: str | None = None
    ) -> InLinePage:
        """A page of those in line by one alert, in its order; before the first those who were called forward.

        Args:
            terms: the alert, as `show` has it.
            after: as in `page`.
            seen_by: who is shown addresses, for the audit; None: nobody, and there are none.
        """
        limit = max(1, min(limit, LARGEST_PAGE))
        addresses = seen_by is not None
        ids = {"store_id": subject.store_id, "subject": subject.key, "alert": terms.alert, "addresses": addresses}
        begun = _read(_OF_PEOPLE, after)
        at, place, number = begun or (None, 0, 0)
        if seen_by is not None:
            details = {"store": subject.store_id, "subject": subject.key, "alert": terms.alert}
            await write_audit(self._pool, seen_by, "show addresses of waiting list", details)
        called = [] if begun else await SQL.called.rows(self._pool, _Person, **ids, most=MOST_CALLED)
        rows = await SQL.people.rows(
            self._pool,
            _Person,
            **ids,
            newest_first=terms.newest_first,
            looked_at=LOOKED_AT,
            after_at=at,
            after_place=place,
            most=limit + 1,
        )
        people: list[InLine] = []
        number = number or terms.called
        for each in rows[:limit]:
            counts = each.why_not is not Reason.NOT_CONFIRMED
            number += counts
            people.append(_as(InLine, each, place=number if counts else None))
        last = rows[limit - 1] if len(rows) > limit else None
        return InLinePage(
            people=(*(_as(InLine, each, place=nth) for nth, each in enumerate(called, 1)), *people),
            next=_as_cursor(last.entered_at.isoformat(), last.number, number) if last else None,
        )

    async def episodes(self, subject: Subject) -> tuple[EpisodeReport, ...]:
        """The latest times in which there were units for the line, the oldest first."""
        ids = {"store_id": subject.store_id, "subject": subject.key}
        async with snapshot(self._pool) as at:
            found = await SQL.episodes.rows(at, _Episode, **ids, most=MOST_EPISODES)
            counted = await SQL.parts.rows(at, _Part, episodes=[each.id for each in found], parts=PARTS)
        given: defaultdict[int, list[EpisodePart]] = defaultdict(list[EpisodePart])
        for each in counted:
            before = given[each.id][-1].given if given[each.id] else 0
            after = min(max(each.part, 0), PARTS) / PARTS
            given[each.id].append(EpisodePart(after=after, given=before + each.given))
        return tuple(_as(EpisodeReport, each, parts=tuple(given[each.id])) for each in found)


def _as(model: type[M], row: Any, **more: object) -> M:
    """A row as it is answered: what the answer has of it, and more."""
    known = {each.name: getattr(row, each.name) for each in fields(row) if each.name in model.model_fields}
    return model.model_validate(known | more)


def _as_cursor(*values: object) -> str:
    return urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")


C = TypeVar("C")
_OF_PAGE = TypeAdapter(tuple[int, str, str, str])
_OF_PEOPLE = TypeAdapter(tuple[AwareDatetime, int, int])


def _read(cursor: TypeAdapter[C], text: str | None) -> C | None:
    """What a cursor says; None: it is none of ours."""
    try:
        return cursor.validate_json(urlsafe_b64decode(f"{text or ''}{'=' * (-len(text or '') % 4)}"))
    except ValueError:
        return None
