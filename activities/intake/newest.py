"""Which of two words on one thing is the newer: what a shop told by itself, or what it answered when it was asked.

Three clocks are about. What a shop tells has the time of the change, by the shop's clock. What it answers is as of some
moment between question and answer, and when these were we know by our own. And all of it is written in an order, by the
database's clock. What was written before the question went out, the answer knows of, whatever any clock says. What was
written since may be newer or not, and so may what is told after the answer and by its time is not newer for certain:
where it makes a difference, neither is believed, and the shop is asked again. (docs/decisions/0049-asked-and-told.md)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from activities.intake.clock import CLOCK_TOLERANCE
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import StoreId
from schemas.incoming.facts import ProductFact, ProductGoneFact, StockFact

SQL = load_queries("activities.intake", "newest.sql")


@dataclass(frozen=True, slots=True)
class Asked:
    """That a shop was asked for a fact.

    Attributes:
        since: when, by the database's clock, before the question went out.
        until: the last moment, by the shop's clock, that the answer can be as of.
    """

    since: datetime
    until: datetime


class Verdict(Enum):
    """What is to be made of a word on something that is known."""

    NEWER = auto()
    OLDER = auto()
    DOUBTFUL = auto()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of something.

    Attributes:
        observed_at: as of when, by the shop's clock.
        heard_at: when it was written.
        asked_at: since when it was being asked for; None: it was told.
    """

    observed_at: datetime
    heard_at: datetime
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownLevel(Known):
    """A level as it is kept."""

    inventory_item_id: str
    location_id: str
    available: int | None


def judge(known: Known | None, observed_at: datetime, asked: Asked | None, *, same: bool = False) -> Verdict:
    """Whether a word is newer than what is known. Pure.

    Args:
        observed_at: as of when it is, by the shop's clock.
        asked: None: it was told.
        same: it says what is known.
    """
    if known is None:
        return Verdict.NEWER
    if asked is not None:
        overtaken = known.heard_at >= asked.since and known.asked_at != asked.since
        return Verdict.DOUBTFUL if overtaken and not same else Verdict.NEWER
    if observed_at >= known.observed_at:
        return Verdict.NEWER
    if same or known.asked_at is None or observed_at < known.observed_at - CLOCK_TOLERANCE:
        return Verdict.OLDER
    return Verdict.DOUBTFUL


async def newer_levels(
    connection: Connection, store_id: StoreId, facts: Sequence[StockFact], asked: Asked | None
) -> list[StockFact | None]:
    """Of these levels, whose items are locked, those that are newer than what is known, as of a time that says so.

    In place of the others None; where it is in doubt which is newer, the shop will be asked.
    """
    items = [fact.inventory_item_id for fact in facts]
    places = [fact.location_id for fact in facts]
    rows = await SQL.levels.rows(connection, KnownLevel, store_id=store_id, items=items, locations=places)
    known = {(row.inventory_item_id, row.location_id): row for row in rows}
    newer: list[StockFact | None] = []
    doubtful: list[str] = []
    for fact in facts:
        before = known.get((fact.inventory_item_id, fact.location_id))
        same = before is not None and before.available == fact.available
        match judge(before, fact.observed_at, asked, same=same):
            case Verdict.NEWER:
                newer.append(fact.model_copy(update={"observed_at": _as_of(before, fact.observed_at, asked)}))
            case Verdict.DOUBTFUL:
                doubtful.append(fact.inventory_item_id)
                newer.append(None)
            case Verdict.OLDER:
                newer.append(None)
    if doubtful:
        await SQL.ask_again_of_items.run(connection, store_id=store_id, items=doubtful)
    return newer


async def newer_product(
    connection: Connection,
    store_id: StoreId,
    fact: ProductFact | ProductGoneFact,
    observed_at: datetime,
    asked: Asked | None,
) -> datetime | None:
    """As of when this word on a product is to be written; None: it is not newer than what is known.

    Its row is locked from now on, if there is one. Its levels count with it when the shop was asked: a total that is
    older than one of them would make units come or go.
    """
    about = {"store_id": store_id, "product_id": fact.product_id}
    await SQL.hold_product.run(connection, **about)
    told = await SQL.product.rows(connection, Known, **about, levels=asked is not None)
    verdicts = {judge(each, observed_at, asked) for each in told}
    if Verdict.DOUBTFUL in verdicts:
        await SQL.ask_again_of_product.run(connection, **about)
    if verdicts - {Verdict.NEWER}:
        return None
    return max([_as_of(None, observed_at, asked), *(each.observed_at for each in told)])


def _as_of(before: Known | None, observed_at: datetime, asked: Asked | None) -> datetime:
    """The last moment, by the shop's clock, that a word which is newer can be as of."""
    moments = (observed_at, asked and asked.until, before and before.observed_at)
    return max(moment for moment in moments if moment is not None)
