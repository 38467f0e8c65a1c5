"""Back in stock: those who wait are told when there are units again, and no more of them than units arrived."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from schemas.document.alert_types.alert import PLENTY, Alert, QueueTerms, Sight, Term, UsualCase
from schemas.document.alert_types.offer import Measure, Offer
from schemas.document.alert_types.vocabulary import (
    Action,
    AlertEvent,
    AlertType,
    Hours,
    Order,
    Reminders,
    Units,
    WhileWaiting,
)
from schemas.reasons import Reason

MOST_CONTACTS_PER_UNIT = 1000
MOST_WHILE_WAITING = 5
MOST_TIMES_AGAIN = 10


def _contacts_per_unit(value: object) -> object:
    """Checked here for one error message; the union below would give one for each of its members."""
    if value == "all" or (type(value) is int and 1 <= value <= MOST_CONTACTS_PER_UNIT):
        return value
    raise ValueError(
        f"{value!r} is not a number of contacts from 1 to {MOST_CONTACTS_PER_UNIT}: "
        "write digits without quotes, or all for everyone"
    )


ContactsPerUnit = Annotated[
    Annotated[int, Field(ge=1, le=MOST_CONTACTS_PER_UNIT)] | Literal["all"], BeforeValidator(_contacts_per_unit)
]


class BackInStock(Alert):
    """Tells those who wait when there are units again."""

    model_config = ConfigDict(title="Back in stock")

    measure: ClassVar[Measure] = Measure.NOTHING
    over_trigger: ClassVar[Reason] = Reason.SOLD_OUT_AGAIN
    told_when: ClassVar[str] = "it was back in stock and their turn"
    bound: ClassVar[str] = "quantity_threshold"
    may_raise: ClassVar[tuple[AlertEvent, ...]] = tuple(AlertEvent)
    change_words: ClassVar[Mapping[str, str]] = {
        "stay_until_bought": "how often who did not buy is told again",
        "offer_lapses_after": "the time after which an offer lapses",
        "tells_late_entrants": "whether late entrants are told",
    }

    type: Literal[AlertType.BACK_IN_STOCK]
    """What is watched."""
    action: Literal[Action.SIGN_UP, Action.BROWSE]
    """What puts a contact in the queue: they signed up, they looked at it, or they put it in the cart."""
    quantity_threshold: Units = 1
    """How many units must be there before anyone is told."""
    contacts_per_unit: ContactsPerUnit = 1
    """How many people are told for each unit that arrived, or all."""
    units_per_contact: Units = 1
    """How many units there must be for each person who is told."""
    order: Order = Order.FIRST_IN_FIRST_OUT
    """Who is told first."""
    reminders: Reminders | None = None
    """Reminders after the alert's thread."""
    while_waiting: Annotated[tuple[WhileWaiting, ...], Field(max_length=MOST_WHILE_WAITING)] = ()
    """What is said to those who still wait, after so long; nothing when left out."""
    offer_lapses_after: Hours | None = None
    """When a place that was not taken up passes to the next, in whole hours."""
    stay_until_bought: Annotated[int, Field(strict=True, ge=1, le=MOST_TIMES_AGAIN)] | None = None
    """How often who was told and did not buy is told again, each time it comes back, 1 to 10; never when left out."""
    tells_late_entrants: Annotated[bool, Field(strict=True)] = False
    """Whether who enters late, while it is in stock, is told at once."""

    @property
    def queue(self) -> QueueTerms:
        return QueueTerms(
            threshold=max(self.quantity_threshold, self.units_per_contact),
            contacts_per_unit=None if self.contacts_per_unit == "all" else self.contacts_per_unit,
            units_per_contact=self.units_per_contact,
            newest_first=self.order is Order.FIRST_IN_LAST_OUT,
            reminders=self.reminders,
            offer_lapses_after=self.offer_lapses_after,
            while_waiting=self.while_waiting,
            stay_until_bought=self.stay_until_bought,
        )

    def trigger(self, offer: Offer) -> Decimal | None:
        return None

    def nothing_to_wait_for(self, sight: Sight) -> Reason | None:
        """A sign-up always enters; after a browse there is something to wait for only if it is out of stock."""
        browsed = self.action is not Action.SIGN_UP
        if not (browsed or sight.late):
            return None
        there = sight.in_stock and not (sight.late and self.tells_late_entrants)
        was_there = sight.was_in_stock and sight.late and browsed
        return Reason.IN_STOCK if there or was_there or sight.never_away else None

    def usual_case(self, price: Decimal) -> UsualCase:
        return UsualCase(units=0, stock=max(self.queue.threshold, PLENTY))

    def terms(self) -> Iterator[Term]:
        if self.contacts_per_unit == "all":
            yield "all", {}
        else:
            yield "per_unit", {"count": self.contacts_per_unit, "order": self.order}
        if self.quantity_threshold > 1:
            yield "threshold", {"units": self.quantity_threshold}
        if self.units_per_contact > 1:
            yield "units", {"units": self.units_per_contact}
        if self.offer_lapses_after is not None:
            yield "lapses", {"length": self.offer_lapses_after}
        if self.tells_late_entrants:
            yield "late", {}

    def say_change(self, field: str, old: Alert) -> str | None:
        if not isinstance(old, BackInStock):
            return None
        if field == "units_per_contact":
            units = self.units_per_contact
            return f" keeps {units} unit{'' if units == 1 else 's'} for each contact instead of {old.units_per_contact}"
        if field == "while_waiting":
            said = "; ".join(map(str, self.while_waiting))
            return f" says {said} to those who still wait" if said else " says nothing more to those who still wait"
        if field != "contacts_per_unit":
            return None
        many = self.contacts_per_unit
        contacts = "all contacts" if many == "all" else f"{many} contact{'' if many == 1 else 's'}"
        return f" tells {contacts} per unit instead of {old.contacts_per_unit}"
