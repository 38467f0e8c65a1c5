"""Where one who waits stands: the first thing in the way, and the sentence that support can say about it."""

from decimal import Decimal
from typing import assert_never

from activities.stock.offers import Product
from schemas.document.alert_types.offer import Measure, Offer
from schemas.ids import Subject
from schemas.money import in_currency
from schemas.reasons import STOPPING, UP_TO_THEM, Reason
from schemas.responses.journeys import AHEAD_COUNTED_TO, in_words
from schemas.responses.why import NotYet, WaitStatus
from starter.support.considered import ConsideredJourney


def wait_status(journey: ConsideredJourney, product: Product) -> WaitStatus:
    """The status of a journey that is in line, with the numbers that decide about it."""
    assert journey.subject is not None, "who is in line waits for something"
    assert journey.window_ends_at is not None, "an alert has a relevancy window"
    subject = Subject.from_key(journey.store_id, journey.subject)
    offer = product.offer(subject.level, subject.id, journey.locations)
    return WaitStatus(
        not_yet=_not_yet(journey, offer),
        ahead=journey.ahead,
        places=journey.places if journey.in_stock else 0,
        units=offer.units,
        price=None if offer.price is None else in_currency(offer.price, journey.currency),
        trigger=_trigger(journey),
        quantity=journey.quantity,
        window_ends_at=journey.window_ends_at,
    )


def _trigger(journey: ConsideredJourney) -> Decimal | None:
    """Without the zeros the database fills up with."""
    if journey.trigger_at is None:
        return None
    if journey.goes_by is Measure.PRICE:
        return in_currency(journey.trigger_at, journey.currency)
    return journey.trigger_at.quantize(Decimal(1))


def _not_yet(journey: ConsideredJourney, offer: Offer) -> NotYet:
    """The first thing in the way, in the order in which the shelf checks them."""
    if journey.held_up_by in STOPPING:
        return NotYet.STOPPED
    if journey.paused is not None:
        return NotYet.PAUSED
    if journey.place == "claimed":
        return NotYet.CALLED_FORWARD
    if journey.passed_over_for in UP_TO_THEM:
        return NotYet.PASSED_OVER
    if journey.gone:
        return NotYet.DISCONTINUED
    if not journey.live:
        return NotYet.DRAFT
    if not journey.on_sale:
        return NotYet.NOT_ON_SALE
    by_price = journey.goes_by is Measure.PRICE
    if not journey.in_stock:
        return NotYet.PRICE_UNKNOWN if by_price and offer.price is None else NotYet.NOT_ENOUGH_UNITS
    if journey.passed_over_for is not None:
        return NotYet.PASSED_OVER
    if not journey.triggered:
        return NotYet.PRICE_NOT_DOWN if by_price else NotYet.QUANTITY_NOT_DOWN
    if journey.stands_back:
        return NotYet.TOLD_BY_ANOTHER
    if journey.fewer_than_wanted:
        return NotYet.FEWER_THAN_WANTED
    if journey.places is not None and (journey.ahead or 0) >= journey.places:
        return NotYet.NOT_NEXT_IN_LINE if journey.ahead else NotYet.ALL_OFFERED
    return NotYet.NEXT


def waiting_sentence(status: WaitStatus, journey: ConsideredJourney) -> str:
    """What support can say to one who waits, with the numbers that decide."""
    match status.not_yet:
        case NotYet.STOPPED:
            assert journey.held_up_by is not None, "who is stopped is stopped by something"
            return journey.held_up_by.holding_up
        case NotYet.CALLED_FORWARD if journey.held_up_by is not None:
            return f"Their turn has come. {journey.held_up_by.put_off(journey.put_off_until)}"
        case NotYet.CALLED_FORWARD:
            return "Their turn has come, and the message is about to leave."
        case NotYet.PAUSED:
            assert journey.paused is not None, "what pauses it is on record"
            return journey.paused.sentence
        case NotYet.DRAFT:
            return "Every message behind the alert is still a draft, so nobody is told."
        case NotYet.DISCONTINUED:
            return _gone(journey.successor)
        case NotYet.NOT_ON_SALE:
            return Reason.INACTIVE.sentence
        case NotYet.NOT_ENOUGH_UNITS:
            needed = journey.quantity_threshold
            return f"{_units(status.units)} to sell that the list counts; the alert waits for {needed}."
        case NotYet.PASSED_OVER:
            return _passed_over(journey.passed_over_for or Reason.NO_MESSAGE)
        case NotYet.PRICE_UNKNOWN:
            doubted = "has been 0.00 for too short a time to be believed"
            return f"The price is not known, or {doubted}, so it cannot be compared."
        case NotYet.PRICE_NOT_DOWN:
            return f"It costs {_number(journey.measure)} now; they are told at {_number(status.trigger)} or less."
        case NotYet.QUANTITY_NOT_DOWN if not journey.armed:
            bound = _number(status.trigger)
            return (
                f"{_units(status.units)} left, and it was as low when they entered: they are told when it falls to "
                f"{bound} from above."
            )
        case NotYet.QUANTITY_NOT_DOWN:
            bound = _number(status.trigger)
            return f"{_units(status.units)} left; they are told when it falls to {bound} or fewer."
        case NotYet.ALL_OFFERED:
            return f"They are next in line; {_units(status.units)}, and what came was offered to those before them."
        case NotYet.NOT_NEXT_IN_LINE:
            return _not_next_in_line(status)
        case NotYet.FEWER_THAN_WANTED:
            return _fewer_than_wanted(journey)
        case NotYet.TOLD_BY_ANOTHER:
            return "Another alert tells them of it: one person is told of one thing once."
        case NotYet.NEXT:
            return "They are among the next; the shelf is about to call them forward."
        case _:
            assert_never(status.not_yet)


def _passed_over(why: Reason) -> str:
    if why in UP_TO_THEM:
        return why.sentence
    return f"Their place was refused; they get another once that changes: {why.sentence}"


def _not_next_in_line(status: WaitStatus) -> str:
    before = in_words(status.ahead or 0, max(AHEAD_COUNTED_TO, status.places or 0))
    stand = "stands" if status.ahead == 1 else "stand"
    return f"{before[0].upper()}{before[1:]} {stand} before them, and there are places for {status.places} now."


def _fewer_than_wanted(journey: ConsideredJourney) -> str:
    there, free = journey.there_for_one or 0, journey.free_for_one or 0
    are = "is" if there == 1 else "are"
    left = f", and {free} of them not promised yet" if there >= journey.quantity else ""
    return (
        f"They want {_units(journey.quantity)}; {there} {are} there{left}. "
        "Whoever wants no more than that is told, and they keep their place."
    )


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"


def _number(value: Decimal | None) -> str:
    """Without the zeros the database fills up with; money keeps its two places."""
    if value is None:
        return "–"
    plain = value.normalize()
    return f"{plain:f}" if plain == plain.to_integral() or -int(plain.as_tuple().exponent) > 2 else f"{value:.2f}"


def _gone(successor: str | None) -> str:
    if successor is not None:
        return f"The product was discontinued; they are being moved to its successor, {successor}."
    return "The product was discontinued; they are being told so, if there is a message for it."
