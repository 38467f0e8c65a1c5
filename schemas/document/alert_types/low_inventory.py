"""Low inventory: those who looked or carted are told when only a few are left, never when there are none."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import ConfigDict

from schemas.document.alert_types.alert import PLENTY, Alert, QueueTerms, Term, UsualCase
from schemas.document.alert_types.offer import Measure, Offer
from schemas.document.alert_types.vocabulary import Action, AlertType, Days, Units
from schemas.reasons import Reason


class LowInventory(Alert):
    """Tells those who looked or carted when only a few are left."""

    model_config = ConfigDict(title="Low inventory")

    measure: ClassVar[Measure] = Measure.QUANTITY
    crosses: ClassVar[bool] = True
    over_trigger: ClassVar[Reason] = Reason.NOT_LOW_ANY_MORE
    told_when: ClassVar[str] = "few were left"
    bound: ClassVar[str] = "low_at"
    change_words: ClassVar[Mapping[str, str]] = {
        "low_at": "the quantity that is called low",
        "not_if_bought_within": "the time in which a purchase counts",
    }

    type: Literal[AlertType.LOW_INVENTORY]
    """What is watched."""
    action: Literal[Action.BROWSE, Action.CART]
    """What puts a contact in the queue: they signed up, they looked at it, or they put it in the cart."""
    relevancy_window: Days = timedelta(days=30)
    """How long they may wait, in whole days."""
    low_at: Units
    """They are told when there are so many or fewer."""
    not_if_bought_within: Days | None = None
    """Leaves out who bought it in so many days before."""

    @property
    def queue(self) -> QueueTerms:
        return QueueTerms(not_if_bought_within=self.not_if_bought_within)

    def trigger(self, offer: Offer) -> Decimal | None:
        return Decimal(self.low_at)

    def terms(self) -> Iterator[Term]:
        yield "low", {"units": self.low_at}
        if self.not_if_bought_within is not None:
            yield "bought", {"length": self.not_if_bought_within}

    def usual_case(self, price: Decimal) -> UsualCase:
        return UsualCase(units=self.low_at + PLENTY, stock=self.low_at)
