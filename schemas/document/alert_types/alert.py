"""The base of every type of alert: its rules, with their defaults. Pure.

The waiting list, the check before a message, rehearsals and explanations call these and know no type.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, TypeAlias

from pydantic import ConfigDict

from schemas.criteria import Criteria
from schemas.document.alert_types.offer import Measure, Offer
from schemas.document.alert_types.vocabulary import AlertEvent, Days, Reminders, WhileWaiting
from schemas.ids import Level
from schemas.model import Section
from schemas.names import Code, Label
from schemas.reasons import Reason

PLENTY = 10
"""Units of a product in a rehearsal that does not give their number."""


Term: TypeAlias = tuple[str, Mapping[str, int | str | timedelta]]
"""The name of one thing that was chosen, and its values."""


@dataclass(frozen=True, slots=True)
class QueueTerms:
    """The rules by which waiting contacts are told.

    Attributes:
        threshold: units that must be there before anyone is told; ≥ 1.
        contacts_per_unit: people told for each unit that arrived (promise P2); None: everyone.
        units_per_contact: units that each of them is told for; more than one only where one is told per unit.
        offer_lapses_after: when an offer that was not taken up passes to the next; None: never.
        not_if_bought_within: who bought it in that time before is left out; None: only who bought it since entering.
        while_waiting: what is said to those who still wait.
        stay_until_bought: how often who was told and did not buy is told again; None: never.
    """

    threshold: int = 1
    contacts_per_unit: int | None = None
    units_per_contact: int = 1
    newest_first: bool = False
    reminders: Reminders | None = None
    offer_lapses_after: timedelta | None = None
    not_if_bought_within: timedelta | None = None
    while_waiting: tuple[WhileWaiting, ...] = ()
    stay_until_bought: int | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """The state of a product at the moment a contact enters.

    Attributes:
        offer: what they could buy; its price is the one they enter at, also where that may be a glitch. Of a product
            it is the lowest of any variant, sold out or not: that one of them can be bought again is no drop.
        in_stock: an episode of the alert is open.
        was_in_stock: it is known to have been in stock at the time of what they enter for.
        never_away: it is on sale, and none of its units are counted.
        late: they enter now for what they did in the past.
        for_sale: it is on sale and not removed; of a whole product, one of its variants can be bought.
        same_currency: the store has the currency that the list names, as far as both are known.
    """

    offer: Offer
    in_stock: bool
    never_away: bool
    was_in_stock: bool = False
    late: bool = False
    same_currency: bool = True
    for_sale: bool = True


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
    """The fields of every alert, and the rules of its type.

    Attributes:
        measure: what its triggers are compared with.
        crosses: told only of a fall to the trigger from above it, not of what is as low at entry.
        over_trigger: the reason on record when the measure rose over the trigger before the message was sent.
        told_when: what had happened when somebody was told, for `why`.
        bound: the name of the field that holds its threshold.
        may_raise: the events that an alert of the type can raise, whatever its options.
        change_words: words for its fields in comparisons of versions, where the field's name alone is unclear.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    measure: ClassVar[Measure]
    crosses: ClassVar[bool] = False
    over_trigger: ClassVar[Reason]
    told_when: ClassVar[str]
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
    coupons: Code | None = None
    """The list of codes from which each person who is told gets one; none when left out."""

    @property
    def queue(self) -> QueueTerms:
        """The rules by which waiting contacts are told; by default everyone, as soon as there is a unit."""
        return QueueTerms()

    @abstractmethod
    def trigger(self, offer: Offer) -> Decimal | None:
        """The bound at or below which a contact who enters at this offer is told, fixed at entry; None: at any unit."""

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

    @abstractmethod
    def terms(self) -> Iterator[Term]:
        """How people are told, each part by its name and values: what reads it aloud has the words, in any language."""

    def say_change(self, field: str, old: "Alert") -> str | None:
        """A change of one field in words that follow the alert's name; None: the usual words will do."""
        return None
