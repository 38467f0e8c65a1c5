"""What every type of alert says of itself, with what holds where a type says nothing else. Pure.

The waiting list, the check before a message, rehearsals and explanations ask these questions and know no type.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from pydantic import ConfigDict

from schemas.criteria import Criteria
from schemas.document.alert_types.offer import Measure, Offer
from schemas.document.alert_types.vocabulary import AlertEvent, Days, Reminders
from schemas.ids import Level
from schemas.model import Section
from schemas.names import Label
from schemas.reasons import Reason

PLENTY = 10
"""Units of a product in a rehearsal where nobody says how many there are."""


@dataclass(frozen=True, slots=True)
class QueueTerms:
    """How those who wait are told.

    Attributes:
        threshold: units that must be there before anyone is told; ≥ 1.
        contacts_per_unit: people told for each unit that arrived (promise P2); None: everyone.
        offer_lapses_after: when an offer that was not taken up passes to the next; None: never.
        not_if_bought_within: who bought it in that time before is left out; None: only who bought it since entering.
    """

    threshold: int = 1
    contacts_per_unit: int | None = None
    newest_first: bool = False
    reminders: Reminders | None = None
    offer_lapses_after: timedelta | None = None
    not_if_bought_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is of a product at the moment a contact enters.

    Attributes:
        in_stock: an episode of the alert is open.
        was_in_stock: it is known to have been in stock at the time of what they enter for.
        never_away: it is on sale, and none of its units are counted.
        late: they enter now for what they did in the past.
        same_currency: the store has the currency that the list names, as far as both are known.
    """

    offer: Offer
    in_stock: bool
    never_away: bool
    was_in_stock: bool = False
    late: bool = False
    same_currency: bool = True


@dataclass(frozen=True, slots=True)
class UsualCase:
    """What the alert is made for, for the rehearsal of a conversation that has no scenario.

    Attributes:
        units: there are at entry.
        stock, price: what there is then; one of the two.
    """

    units: int
    stock: int | None = None
    price: Decimal | None = None


class Alert(Section):
    """What every alert says, and the rules that its type has of its own.

    Attributes:
        measure: what its triggers are compared with.
        crosses: told only of a fall to the trigger from above it, not of what is as low at entry.
        over_trigger: why its message does not leave when the measure is over the trigger again.
        bound: the field by which it says how much it takes.
        may_raise: the events that an alert of the type can raise, whatever its options.
        change_words: what its fields are called when two versions are compared, where the name alone does not say it.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    measure: ClassVar[Measure]
    crosses: ClassVar[bool] = False
    over_trigger: ClassVar[Reason]
    bound: ClassVar[str]
    may_raise: ClassVar[tuple[AlertEvent, ...]] = (AlertEvent.ALERT, AlertEvent.DISCONTINUED)
    change_words: ClassVar[Mapping[str, str]] = {}

    name: Label | None = None
    """For people, in reports; the short name when left out."""
    level: Level = Level.VARIANT
    """One variant, or the whole product."""
    relevancy_window: Days = timedelta(days=365)
    """How long they may wait, in whole days."""
    trigger_filter: Criteria | None = None
    """Which products this alert is for; all when left out."""
    profile_filter: Criteria | None = None
    """Which contacts this alert is for; all when left out."""

    @property
    def queue(self) -> QueueTerms:
        """How those who wait are told: everyone, as soon as there is a unit."""
        return QueueTerms()

    @abstractmethod
    def trigger(self, offer: Offer) -> Decimal | None:
        """The bound that who enters at this offer is told at, fixed from then on; None: they are told of any unit."""

    def armed(self, offer: Offer) -> bool:
        """Whether the measure may count against the trigger from the moment of entry."""
        trigger, measure = self.trigger(offer), offer.measured(self.measure)
        return not self.crosses or trigger is None or (measure is not None and measure > trigger)

    def nothing_to_wait_for(self, sight: Sight) -> Reason | None:
        """Why a contact does not enter, as far as the offer decides it."""
        return None

    @abstractmethod
    def usual_case(self, price: Decimal) -> UsualCase:
        """What it is made for, of a product at this price."""

    def say_change(self, field: str, old: "Alert") -> str | None:
        """A change of one field in words that go on after the alert's name; None: the usual words say it."""
        return None
