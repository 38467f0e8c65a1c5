"""What units that have not come yet would do, and to whom: in one snapshot, in which nothing can be written."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import floor

from activities.postgres.pool import Pool, snapshot
from activities.stock.offers import Product
from schemas.document.alert_types.offer import Measure
from schemas.ids import AlertId, Subject
from schemas.reasons import Reason
from schemas.responses.forecast import Forecast, ForecastLine, WouldBePassedOver, WouldBeTold
from schemas.responses.why import NotYet
from starter.shops.arrivals import Arrival, foresee_arrival
from starter.shops.giving import MOST_SHOWN, AtTheFront, Called, Giving, Line, lines_of

MOST_UNITS = 2**31 - 1
"""As many as a storefront can tell of."""


class Forecasts:
    """What would happen, over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_units(self, subject: Subject, units: int, location: str | None = None, limit: int = 10) -> Forecast:
        """What so many units more of a variant would do now. Changes nothing.

        Args:
            location: where they would arrive; None: where its units lie, or by hand where nobody told of any.
            limit: how many of those who would be told, and of those who would not, are named.

        Raises:
            UnknownVariant, WhichLocation: as they say.
        """
        async with snapshot(self._pool) as connection:
            arrival = await foresee_arrival(connection, subject, units, location)
            lines = await lines_of(connection, subject.store_id, arrival)
            giving = Giving(connection, subject.store_id, arrival, lines)
            for each in arrival.subjects:
                await giving.look(each)
            named = max(1, min(limit, MOST_SHOWN))
            fronts = {line.key: await giving.front(line) for line in lines}
        return _report(giving, fronts, subject, units, named)


def _report(
    giving: Giving,
    fronts: Mapping[tuple[AlertId, str], Sequence[AtTheFront]],
    subject: Subject,
    units: int,
    named: int,
) -> Forecast:
    arrival = giving.arrival
    lines = tuple(_line(giving, line) for line in giving.lines)
    places = {each.journey_id: each.place for front in fronts.values() for each in front}
    first = [
        WouldBeTold(
            place=places.get(each.journey_id),
            contact_id=each.contact_id,
            journey_id=each.journey_id,
            alert=line.alert_id,
            subject=line.subject,
            when=told.when,
            until=told.until,
            reason=told.reason,
        )
        for line in giving.lines
        for each, told in giving.called[line.key].told.values()
    ]
    passed_over = [each for line in giving.lines for each in _passed_over(giving, line, fronts[line.key])]
    return Forecast(
        store_id=subject.store_id,
        variant_id=subject.id,
        location=arrival.location,
        arriving=units,
        units_before=arrival.units_before,
        units=arrival.units,
        left=max(0, floor(arrival.shared.left(arrival.item, None))),
        told=sum(line.told for line in lines),
        more=any(line.more for line in lines),
        lines=lines,
        first=tuple(first[:named]),
        passed_over=tuple(passed_over[:named]),
    )


def _line(giving: Giving, line: Line) -> ForecastLine:
    called = giving.called[line.key]
    return ForecastLine(
        alert=line.alert_id,
        list_code=line.list_code,
        subject=line.subject,
        in_line=line.in_line,
        told=len(called.told),
        more=called.more,
        when=dict(Counter(told.when for _, told in called.told.values())),
        nobody=None if called.told else _why_nobody(giving, line),
        stays=line.in_line - len(called.told),
    )


def _why_nobody(giving: Giving, line: Line) -> NotYet | None:
    """Why nobody of a line would be told, whoever they are; None: each has a reason of their own."""
    product = _product(giving.arrival, line)
    if line.paused is not None:
        return NotYet.PAUSED
    if line.gone:
        return NotYet.DISCONTINUED
    if not product.on_sale:
        return NotYet.NOT_ON_SALE
    opened = giving.arrival.opened.get(line.key)
    if opened is None:
        return NotYet.NOT_ENOUGH_UNITS
    nobody_was_asked = not giving.called[line.key].refused and not giving.called[line.key].yielding
    full = giving.arrival.is_full(opened)
    return NotYet.ALL_OFFERED if full and nobody_was_asked else None


def _product(arrival: Arrival, line: Line) -> Product:
    return next(product for subject, product in arrival.subjects.items() if subject.key == line.subject)


def _passed_over(giving: Giving, line: Line, front: Sequence[AtTheFront]) -> Iterable[WouldBePassedOver]:
    """Those at the front who would not be told, up to the last who would; all, where places are left over."""
    called, opened = giving.called[line.key], giving.arrival.opened.get(line.key)
    if opened is None or line.paused is not None:
        return
    full = giving.arrival.is_full(opened)
    told = [number for number, each in enumerate(front) if each.journey_id in called.told]
    ends_here = full and 0 < len(told) == len(called.told)
    for each in front[: told[-1]] if ends_here else front:
        if each.journey_id in called.told:
            continue
        not_yet, reason = _why_not(line, each, called)
        if not_yet is None:
            continue
        yield WouldBePassedOver(
            place=each.place,
            contact_id=each.contact_id,
            journey_id=each.journey_id,
            alert=line.alert_id,
            subject=line.subject,
            not_yet=not_yet,
            reason=reason,
            sentence=_SENTENCES[not_yet] if reason is None else reason.sentence,
        )


def _why_not(line: Line, who: AtTheFront, called: Called) -> tuple[NotYet | None, Reason | None]:
    """Why one at the front would not be told; nothing, where there is only no place for them."""
    if who.passed_over_for is not None:
        return NotYet.PASSED_OVER, who.passed_over_for
    if who.journey_id in called.refused:
        return NotYet.PASSED_OVER, called.refused[who.journey_id]
    if not who.triggered:
        return (NotYet.PRICE_NOT_DOWN if line.goes_by is Measure.PRICE else NotYet.QUANTITY_NOT_DOWN), None
    if who.stands_back or who.journey_id in called.yielding:
        return NotYet.TOLD_BY_ANOTHER, None
    return None, None


_SENTENCES = {
    NotYet.PRICE_NOT_DOWN: "It would cost more than they are told at.",
    NotYet.QUANTITY_NOT_DOWN: "There would be more units than they are told at, or as few as when they entered.",
    NotYet.TOLD_BY_ANOTHER: "Another alert tells them of it: one person is told of one thing once.",
}
