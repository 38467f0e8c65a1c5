"""Two shops with every kind of alert, kept twice: by the product, and here as what is simply true."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from activities.intake.deliveries import Receipt
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.vocabulary import AlertType
from schemas.document.conversation import ConversationDocument
from schemas.ids import Level, StoreId, Subject
from schemas.incoming.facts import Fact, Policy, ProductFact, ProductGoneFact, StockFact, VariantFact, WebhookDelivery
from starter.documents import load_document
from tests.product import STORE

STORES = (STORE, StoreId("other.example"))
"""Each sells a product of the same ids, of which the other's units and people are none."""
PRODUCT = "p"
VARIANTS = ("v", "w")
LOCATIONS = ("here", "there")
LOW_DAYS = 7

_SHOP = """
conversation: shop
name: The shop
list: {{code: default, name: Everyone}}
alerts:
  back:
    type: back-in-stock
    action: sign-up
    quantity_threshold: {threshold}
    contacts_per_unit: {per_unit}
    order: {order}
    reminders: {{after: 1 day, times: 1}}
    offer_lapses_after: 24 hours
  cheaper: {{type: price-drop, action: browse, drops_by: 10%, level: {level}}}
  going: {{type: low-inventory, action: cart, low_at: 3, not_if_bought_within: 7 days}}
threads:
  - {{name: Noted, on: back.subscription, steps: [{{send: noted}}]}}
  - {{name: Back, on: back.alert, steps: [{{send: back}}, {{wait: 1 day}}, {{send: back-still}}]}}
  - {{name: Still, on: back.follow-up, steps: [{{send: still}}]}}
  - {{name: Gone, on: back.discontinued, steps: [{{send: gone}}]}}
  - {{name: Cheaper, on: cheaper.alert, steps: [{{send: cheaper-draft, status: draft}}, {{send: cheaper}}]}}
  - {{name: Going, on: going.alert, steps: [{{send: going}}]}}
messages:
  noted: {{channel: email, subject: Noted, text: We noted it.}}
  back: {{channel: email, subject: Back, text: It is back.}}
  back-still: {{channel: email, subject: Still, text: It is still there.}}
  still: {{channel: email, subject: Still, text: It is still there.}}
  gone: {{channel: email, subject: Gone, text: It is gone.}}
  cheaper: {{channel: email, subject: Cheaper, text: It is cheaper.}}
  cheaper-draft: {{channel: email, subject: Cheaper, text: It is cheaper.}}
  going: {{channel: email, subject: Going, text: It is going.}}
"""
_NEAR = """
conversation: near
name: Near
list: {{code: near, name: Near, locations: [here], {near_stores}}}
alerts:
  seen: {{type: back-in-stock, action: browse, {near_share}}}
  cart-cheaper: {{type: price-drop, action: cart, drops_by: 5.00}}
  last: {{type: low-inventory, action: browse, low_at: 2, level: product}}
threads:
  - {{name: Seen, on: seen.alert, steps: [{{send: seen, status: {near_status}}}]}}
  - {{name: Cheaper, on: cart-cheaper.alert, steps: [{{send: cart-cheaper}}]}}
  - {{name: Last, on: last.alert, steps: [{{send: last}}]}}
messages:
  seen: {{channel: email, subject: Back, text: It is back.}}
  cart-cheaper: {{channel: email, subject: Cheaper, text: It is cheaper.}}
  last: {{channel: email, subject: Last, text: These are the last.}}
"""
OFFERS = {"back", "back-still", "still", "cheaper", "going", "seen", "cart-cheaper", "last"}
"""The messages that offer something."""


def documents(terms: Mapping[str, object]) -> tuple[ConversationDocument, ...]:
    """Two conversations, with all of `terms` filled in."""
    return tuple(load_document(text.format_map(terms).encode(), "suite.yaml") for text in (_SHOP, _NEAR))


@dataclass
class Stay:
    """What should be known of an open episode."""

    available: int
    arrived: int


@dataclass(frozen=True)
class Told:
    """A delivery as it was sent, to be sent again."""

    delivery: WebhookDelivery
    fact: Fact


@dataclass
class Truth:
    """What is true of product `p` in one store.

    Attributes:
        alerts: all of them, for what there is is kept for each, whether or not its list is for this store.
        items: the inventory item of each variant; perhaps the same one.
        levels: what was told last of each item at each location.
        totals: what the newest message, of either kind, makes the sum of all locations, by item.
        stays: the open episodes by alert and subject, as adding up makes them; `opened` counts all there were.
        supplies: the units of each item at the locations of each list, likewise.
    """

    store: StoreId
    alerts: Mapping[str, tuple[ConversationDocument, str]]
    items: Mapping[str, str] = field(default_factory=lambda: {variant: f"item-{variant}" for variant in VARIANTS})
    levels: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    totals: dict[str, int] = field(default_factory=dict[str, int])
    prices: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(VARIANTS, Decimal(100)))
    removed: set[str] = field(default_factory=set[str])
    on_sale: bool = True
    gone: bool = False
    stays: dict[tuple[str, str], Stay] = field(default_factory=dict[tuple[str, str], Stay])
    opened: int = 0
    supplies: dict[tuple[str, tuple[str, ...] | None], Stay] = field(
        default_factory=dict[tuple[str, tuple[str, ...] | None], Stay]
    )

    @classmethod
    def of(cls, store: StoreId, published: tuple[ConversationDocument, ...], *, one_item: bool) -> "Truth":
        truth = cls(store, {code: (document, code) for document in published for code in document.alerts})
        return replace(truth, items=dict.fromkeys(VARIANTS, "item-v")) if one_item else truth

    def units(self, alert: str, subject: Subject) -> int:
        """Units for sale that count for this alert's list."""
        return sum({self.items[each]: self._variant_units(alert, each) for each in self._variants(subject)}.values())

    def price(self, alert: str, subject: Subject) -> Decimal | None:
        """What it costs; of the product, the cheapest that can be bought."""
        if not self.on_sale:
            return None
        prices = [
            self.prices[variant]
            for variant in self._variants(subject)
            if subject.level is Level.VARIANT or self._variant_units(alert, variant)
        ]
        return min(prices, default=None)

    def measure(self, alert: str, subject: Subject) -> Decimal | None:
        """What its bounds are compared with."""
        match self.type(alert):
            case AlertType.BACK_IN_STOCK:
                return None
            case AlertType.PRICE_DROP:
                return self.price(alert, subject)
            case AlertType.LOW_INVENTORY:
                return Decimal(self.units(alert, subject))

    def type(self, alert: str) -> AlertType:
        document, code = self.alerts[alert]
        return document.alerts[code].type

    def settle(self) -> None:
        """Bring every episode to what is true now."""
        for alert, (document, code) in self.alerts.items():
            terms = document.alerts[code]
            threshold = terms.queue.threshold if isinstance(terms, BackInStock) else 1
            ids = (PRODUCT,) if terms.level is Level.PRODUCT else VARIANTS
            for subject in (Subject(store_id=self.store, level=terms.level, id=id_) for id_ in ids):
                self._observe((alert, subject.key), self.units(alert, subject), threshold)
            for item in self.items.values():
                self._supply(item, document.list.locations)

    def _supply(self, item: str, locations: tuple[str, ...] | None) -> None:
        units = self._units_at(item, locations)
        stay = self.supplies.setdefault((item, locations), Stay(units, units))
        stay.arrived = units if stay.available == 0 else stay.arrived + max(0, units - stay.available)
        stay.available = units

    def _observe(self, key: tuple[str, str], units: int, threshold: int) -> None:
        stay = self.stays.get(key)
        if stay is None:
            if units >= threshold:
                self.stays[key] = Stay(units, units)
                self.opened += 1
        elif units == 0:
            del self.stays[key]
        else:
            stay.arrived += max(0, units - stay.available)
            stay.available = units

    def _variants(self, subject: Subject) -> list[str]:
        chosen = VARIANTS if subject.level is Level.PRODUCT else (subject.id,)
        return [variant for variant in chosen if variant not in self.removed]

    def _variant_units(self, alert: str, variant: str) -> int:
        document, _ = self.alerts[alert]
        return self._units_at(self.items[variant], document.list.locations) if self.on_sale else 0

    def _units_at(self, item: str, locations: tuple[str, ...] | None) -> int:
        if locations is None:
            return max(0, self.totals.get(item, 0))
        return sum(self.levels.get((item, location), 0) for location in locations)


@dataclass
class Storefront:
    """What a store says of it: each change told, at a later time than all before.

    Attributes:
        levels: the units of each item that are really there, and since when.
    """

    truth: Truth
    levels: dict[tuple[str, str], tuple[int, datetime]] = field(
        default_factory=dict[tuple[str, str], tuple[int, datetime]]
    )
    sent: list[Told] = field(default_factory=list[Told])

    def moves(self, variant: str, location: str, units: int) -> None:
        """So many are there now. Nobody has been told."""
        self.levels[self.truth.items[variant], location] = units, datetime.now(UTC)

    def level(self, variant: str, location: str) -> Told:
        """The level of a variant's item at a location."""
        item = self.truth.items[variant]
        units, since = self.levels[item, location]
        self.truth.levels[item, location] = units
        self.truth.totals[item] = self.total(item)
        fact = StockFact(inventory_item_id=item, location_id=location, available=units, observed_at=since)
        return self._sends(fact)

    def total(self, item: str) -> int:
        return sum(units for (name, _), (units, _) in self.levels.items() if name == item)

    def product(self, *, with_totals: bool = False) -> Told:
        """The product as it is; a product that was gone is back."""
        self.truth.gone = False
        there = [variant for variant in VARIANTS if variant not in self.truth.removed]
        if with_totals:
            self.truth.totals.update({item: self.total(item) for item in map(self.truth.items.__getitem__, there)})
        variants = tuple(
            VariantFact(
                variant_id=variant,
                inventory_item_id=self.truth.items[variant],
                title=variant,
                price=self.truth.prices[variant],
                policy=Policy.DENY,
                tracked=True,
                quantity=self.total(self.truth.items[variant]) if with_totals else None,
            )
            for variant in there
        )
        fact = ProductFact(
            product_id=PRODUCT,
            title="Blue kettle",
            on_sale=self.truth.on_sale,
            variants=variants,
            all_variant_ids=frozenset(there),
            observed_at=datetime.now(UTC),
        )
        return self._sends(fact)

    def goes(self) -> Told:
        """The product is deleted."""
        self.truth.gone, self.truth.on_sale = True, False
        return self._sends(ProductGoneFact(product_id=PRODUCT, observed_at=datetime.now(UTC)))

    def sends(self, fact: Fact) -> Told:
        """Anything else."""
        return self._sends(fact)

    def again(self, told: Told, *, other_key: bool) -> tuple[Told, Receipt]:
        """The same message once more, perhaps under another key, and how it is answered."""
        if not other_key:
            return told, Receipt.REPEATED
        self.sent.append(replace(told, delivery=told.delivery.model_copy(update={"key": f"k{len(self.sent)}"})))
        return self.sent[-1], Receipt.APPLIED

    def _sends(self, fact: Fact) -> Told:
        delivery = WebhookDelivery(store_id=self.truth.store, source="test", topic=fact.kind, key=f"k{len(self.sent)}")
        self.sent.append(Told(delivery, fact))
        self.truth.settle()
        return self.sent[-1]
