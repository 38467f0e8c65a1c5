"""What units that have not come yet would do: who would be told of them, when, and who not."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.ids import ContactId, JourneyId
from schemas.model import Model
from schemas.reasons import Reason
from schemas.responses.why import NotYet


class ToldWhen(StrEnum):
    """When somebody would be told, once they were called forward."""

    AT_ONCE = "at_once"
    PUT_OFF = "put_off"
    """Not before some moment: quiet hours, the hours of text messages, a cap, to be told together, a pause."""
    AFTER_A_WAIT = "after_a_wait"
    """The thread has a wait before its first message, or the one that they entered by has not ended."""
    APPROVED = "approved"
    """Once somebody has approved the message."""
    MENDED = "mended"
    """Once the sender, or the message, is mended."""
    NOT_LOOKED_AT = "not_looked_at"
    """Behind those of whom the check before the message was asked; they are told unless it refuses them."""


class WouldBeTold(Model):
    """One who would be told.

    Attributes:
        place: as in the waiting list; None: further back than was looked.
        until: not before then, where that is known.
        reason: what puts them off until then.
    """

    place: int | None
    contact_id: ContactId
    journey_id: JourneyId
    alert: str
    subject: str
    when: ToldWhen
    until: AwareDatetime | None = None
    reason: Reason | None = None


class WouldBePassedOver(Model):
    """One who would not be told, though somebody behind them would, or there would be a place for them.

    Attributes:
        place: as in the waiting list; None: theirs does not count yet.
        reason: on record, or what the check before the message would refuse them for.
    """

    place: int | None
    contact_id: ContactId
    journey_id: JourneyId
    alert: str
    subject: str
    not_yet: NotYet
    reason: Reason | None
    sentence: str


class ForecastLine(Model):
    """What becomes of the line of one alert and subject.

    Attributes:
        in_line: who have no place yet, confirmed.
        told: how many would be told, at once or later.
        more: `told` were followed, and there would be more.
        when: how many of them, by when.
        nobody: why nobody would be, whoever they are.
        stays: how many stay in line; those at most, where `more`.
    """

    alert: str
    list_code: str
    subject: str
    in_line: int
    told: int
    more: bool
    when: dict[ToldWhen, int]
    nobody: NotYet | None
    stays: int


class Forecast(Model):
    """What so many more units of a variant would do now. Nothing of it was done.

    Attributes:
        arriving: units more at `location`.
        units: that there would be then, over all locations, to sell or not.
        left: of these, those that nobody would have been told of.
        told: over all lines; `more`: those were followed, and there would be more.
        first: who would be told, in the order of their turn, as many as were asked for.
        passed_over: who would not be, in the order of their lines, as many as were asked for.
    """

    store_id: str
    variant_id: str
    location: str
    arriving: int
    units_before: int
    units: int
    left: int
    told: int
    more: bool
    lines: tuple[ForecastLine, ...]
    first: tuple[WouldBeTold, ...]
    passed_over: tuple[WouldBePassedOver, ...]
