"""The timeline of a rehearsal: what happens in the simulated shop, when, and which journeys hear of it.

It holds the state of the shop at each moment, and the lines in it; simulated_shop.py answers the activities of each
journey from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.document.alert_types.offer import ZERO_PRICE_HOLDS
from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import OF_SOMEBODY, HappeningSection, ScenarioSection
from starter.rehearsing.entrance import when
from starter.rehearsing.fixtures import SimulatedProduct
from starter.rehearsing.line import Line, PlaceInLine
from starter.rehearsing.simulated_journey import SimulatedJourney


@dataclass(frozen=True, slots=True)
class Enters:
    """Somebody enters, if they may."""

    journey: SimulatedJourney


@dataclass(frozen=True, slots=True)
class OfferLapses:
    """The time in which somebody was to take up their offer is over."""

    journey: SimulatedJourney


class ZeroPriceHolds:
    """A price of nothing may have held for long enough to count."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that happens at a moment."""

    at: datetime
    what: HappeningSection | Enters | OfferLapses | ZeroPriceHolds


@dataclass(frozen=True, slots=True)
class Played:
    """Something that has happened, as it is told of; that somebody enters is told of in their journey."""

    at: datetime
    what: HappeningSection | OfferLapses | ZeroPriceHolds


class Timeline:
    """One scenario under way, on one clock for everyone in it.

    Attributes:
        now: what the clock shows.
        journeys: of everyone, the scenario's contact first.
        played: what has happened so far.
        told: who was told of it so far, in order.
    """

    def __init__(
        self, document: ConversationDocument, scenario: ScenarioSection, journeys: Sequence[SimulatedJourney]
    ) -> None:
        zone, (first, *_) = document.list.time_zone, journeys
        self.journeys = journeys
        self.now = min(journey.entrance.at for journey in journeys)
        section, units = first.entrance.product, first.entrance.units
        self.product = SimulatedProduct(section, units, section.price, section.on_sale) if section is not None else None
        self.lines: dict[str | None, Line] = {}
        """By the short name of their alerts."""
        self.paused = False
        self.provider_up = True
        self.webhooks_answer = True
        self.played: list[Played] = []
        self.told: list[SimulatedJourney] = []
        for journey in journeys:
            alert_id, alert = journey.entrance.alert_id, journey.entrance.alert
            if alert is not None and alert_id not in self.lines and self.product is not None:
                self.lines[alert_id] = Line(alert, self.product.offer, self.product.units)
        # Of what is due at one moment they enter first.
        self._due = [Due(journey.entrance.at, Enters(journey)) for journey in journeys]
        self._due += (Due(when(each, first.entrance.at, zone), each) for each in scenario.happens)
        self._due.sort(key=_moment)

    def line(self, journey: SimulatedJourney) -> Line | None:
        """The line that they stand in, or would."""
        return self.lines.get(journey.entrance.alert_id)

    def add(self, due: Due) -> None:
        """Something more will happen."""
        self._due.append(due)
        self._due.sort(key=_moment)

    @property
    def next_at(self) -> datetime | None:
        """When something happens next."""
        return self._due[0].at if self._due else None

    @property
    def somebody_enters(self) -> bool:
        """Somebody has yet to enter."""
        return any(isinstance(due.what, Enters) for due in self._due)

    @property
    def paused_for_good(self) -> bool:
        """The conversation is paused, and nothing will happen any more."""
        return self.paused and not self._due

    def play_next(self) -> Due:
        """Let what is due next happen, and the shelf act on it. Returns it; who enters is entered by the caller."""
        due = self._due.pop(0)
        match due.what:
            case Enters():
                pass
            case OfferLapses(journey=journey) as what:
                # A contact who bought has taken the offer up.
                if journey.place is not None and journey.place.claim == "used" and journey.contact.bought_at is None:
                    self.played.append(Played(due.at, what))
                    journey.place.lapse()
            case ZeroPriceHolds() as what:
                self.played.append(Played(due.at, what))
                if self.product is not None:
                    self.product.doubted = False
                self._observe()
            case HappeningSection() as what:
                self.played.append(Played(due.at, what))
                self._happen(what, due.at)
                self._observe()
        self.look_at_shelf()
        return due

    def look_at_shelf(self) -> None:
        """What the shelf does now: give places to those who are next, or let all go, when it is discontinued."""
        if self.product is None:
            return
        for line in self.lines.values():
            if self.product.discontinued:
                for place in line.dismiss():
                    self._whose(place).dismiss()
            elif not self.paused:
                for place in line.call_forward():
                    self._whose(place).call_forward(place.claim_id)

    def _observe(self) -> None:
        """The lines take in what is offered now."""
        if self.product is not None:
            for line in self.lines.values():
                line.observe(self.product.offer, self.product.units)

    def _happen(self, section: HappeningSection, at: datetime) -> None:
        if section.kind in OF_SOMEBODY:
            self._whom(section.who).happens(section, at, about_product=self.product is not None)
            return
        product = self.product
        match section:
            case HappeningSection(stock=int() as units) if product is not None:
                product.units = units
            case HappeningSection(on_sale=bool() as on_sale) if product is not None:
                product.on_sale = on_sale
            case HappeningSection(discontinued=True) if product is not None:
                product.discontinued = True
            case HappeningSection(paused=bool() as paused):
                self.paused = paused
            case HappeningSection(provider=str() as provider):
                self.provider_up = provider == "up"
            case HappeningSection(webhook=str() as webhook):
                self.webhooks_answer = webhook == "answers"
                if self.webhooks_answer:
                    for journey in self.journeys:
                        journey.wake_at_webhooks()
            case _:
                if product is not None and section.price is not None:
                    self._costs(product, section.price, at)

    def _whom(self, name: str | None) -> SimulatedJourney:
        """The one who is meant; the scenario's contact, where nobody is named."""
        return next((journey for journey in self.journeys if journey.name == name), self.journeys[0])

    def _whose(self, place: PlaceInLine) -> SimulatedJourney:
        return next(journey for journey in self.journeys if journey.place is place)

    def _costs(self, product: SimulatedProduct, price: Decimal, at: datetime) -> None:
        """The price changes. One of nothing counts once it has held, as long as installations wait by default."""
        if price == 0 and product.price != 0:
            product.doubted = True
            self.add(Due(at + ZERO_PRICE_HOLDS, ZeroPriceHolds()))
        elif price != 0 and product.doubted:
            product.doubted = False
            self._due = [due for due in self._due if not isinstance(due.what, ZeroPriceHolds)]
        product.price = price


def _moment(due: Due) -> datetime:
    return due.at
