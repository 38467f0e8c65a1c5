"""The contact and the product of a scenario, as they change while it is played."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import quote
from zoneinfo import ZoneInfo

from activities.decisions.facts import AttributeFact, CriteriaFacts
from activities.rendering.facts import (
    ItemPart,
    ListPart,
    MessageContext,
    ProductPart,
    ShopPart,
    VariantPart,
    WaitPart,
)
from schemas.document.alert_types.offer import NOTHING, Offer
from schemas.document.conversation import ListSection
from schemas.document.profiles import PersonSection, ProductSection
from schemas.ids import StoreId
from schemas.money import in_currency
from schemas.time.zones import find_zone

Properties: TypeAlias = Mapping[str, bool | int | str]
"""Of the event that a conversation without an alert is entered on."""
STORE = StoreId("shop.example")
"""Where a scenario happens that names no store, nor does its list."""
PRODUCT_ID = "1"
VARIANT_ID = "11"
ITEMS_IN = ("viewed_product", "added_to_cart", "removed_from_cart", "checkout_started", "ordered", "bought")
"""The events that are about the scenario's product, and list it as an item."""


@dataclass(slots=True)
class SimulatedProduct:
    """The product of a scenario, now; `doubted`: its price has become nothing, which may be a glitch."""

    section: ProductSection
    units: int
    price: Decimal
    on_sale: bool
    discontinued: bool = False
    doubted: bool = False

    @property
    def for_sale(self) -> bool:
        return self.on_sale and not self.discontinued

    @property
    def offer(self) -> Offer:
        if not self.for_sale:
            return NOTHING
        counted = self.section.counted
        return Offer(self.units if counted else 0, not counted, None if self.doubted else self.price)


@dataclass(slots=True)
class SimulatedContact:
    """The contact of a scenario, now. Moments are aware.

    Attributes:
        texts: whether they agreed to text messages.
        wants: how many units.
        bought_at: when they ordered the product, after entering.
        counted: when they got the messages that count for the list's cap.
    """

    attributes: dict[str, AttributeFact]
    tags: set[str]
    lists: set[str]
    consented: bool
    phone: str | None
    texts: bool
    orders: int
    last_order: datetime | None
    bought_this: datetime | None
    last_open: datetime | None
    last_click: datetime | None
    last_message: datetime | None
    last_entered: datetime | None
    wants: int = 1
    bought_at: datetime | None = None
    counted: list[datetime] = field(default_factory=list[datetime])
    sent: set[str] = field(default_factory=set[str])
    happened: set[str] = field(default_factory=set[str])

    @classmethod
    def of(cls, profile: PersonSection, zone: str) -> "SimulatedContact":
        """The contact on entering; the profile's moments are in the time zone `zone`."""

        def moment(local: datetime | None) -> datetime | None:
            return local.replace(tzinfo=ZoneInfo(zone)) if local is not None else None

        orders, engagement = profile.orders, profile.engagement
        own_zone = {"time_zone": profile.time_zone} if profile.time_zone is not None else {}
        return cls(
            attributes={**profile.attributes, **own_zone},
            tags=set(profile.tags),
            lists=set(profile.lists),
            consented=profile.consent,
            phone=profile.phone,
            texts=profile.phone is not None and profile.sms_consent,
            orders=orders.count,
            last_order=moment(orders.last),
            bought_this=moment(orders.bought_this),
            last_open=moment(engagement.last_open),
            last_click=moment(engagement.last_click),
            last_message=moment(engagement.last_message),
            last_entered=moment(profile.last_entered),
            wants=profile.wants,
            counted=[at] if (at := moment(engagement.last_message)) is not None else [],
        )

    def gets(self, message: str, at: datetime, *, capped: bool) -> None:
        """A message was sent to them; `capped`: it counts for the list's cap."""
        self.last_message = at
        self.sent.add(message)
        if capped:
            self.counted.append(at)

    def zone(self, otherwise: str) -> str:
        """The contact's time zone, or `otherwise` where they have none that is known."""
        own = self.attributes.get("time_zone")
        return (find_zone(own) if isinstance(own, str) else None) or otherwise


def criteria_facts(
    store: StoreId,
    contact: SimulatedContact,
    product: SimulatedProduct | None,
    properties: Properties,
    entered_at: datetime | None,
) -> CriteriaFacts:
    """All facts that criteria can be about, now.

    Args:
        entered_at: when they entered the alert's queue; None: there is no alert.
    """
    facts = CriteriaFacts(
        store_id=store,
        orders_count=contact.orders,
        orders_last=contact.last_order,
        orders_bought_this=contact.bought_this,
        engagement_last_open=contact.last_open,
        engagement_last_click=contact.last_click,
        engagement_last_message=contact.last_message,
        contact_attributes=dict(contact.attributes),
        contact_consent_email=contact.consented,
        contact_consent_sms=contact.texts,
        contact_lists=frozenset(contact.lists),
        contact_tags=frozenset(contact.tags),
        contact_entered_at=entered_at,
        alert_last_entered=contact.last_entered if entered_at is not None else None,
        conversation_last_entered=contact.last_entered,
        journey_sent=frozenset(contact.sent),
        journey_happened=frozenset(contact.happened),
        event_properties=properties,
    )
    if product is None:
        return facts
    section = product.section
    return replace(
        facts,
        product_id=PRODUCT_ID,
        product_title=section.title,
        product_vendor=section.vendor,
        product_tags=frozenset(section.tags),
        product_collections=frozenset(section.collections),
        product_price=product.price,
        product_available=product.offer.units if section.counted else None,
        variant_id=VARIANT_ID,
        variant_sku=section.sku,
    )


def message_context(
    store: StoreId,
    contact: SimulatedContact,
    product: SimulatedProduct | None,
    properties: Properties,
    event: str | None,
    list_: ListSection,
    wait: WaitPart,
) -> MessageContext:
    """All that a message can show, now; `event` is what a conversation without an alert was entered on."""
    currency = list_.currency
    shop = ShopPart(name="The Shop", url=f"https://{store}")
    if product is None:
        shown, variant, items = ProductPart(title="", url=shop.url), VariantPart(title=""), ()
    else:
        section, price = product.section, in_currency(product.price, currency)
        units = None if product.offer.open_ended else product.offer.units
        url = f"{shop.url}/products/{quote(section.title.lower().replace(' ', '-'), safe='-')}"
        shown = ProductPart(title=section.title, url=url)
        variant = VariantPart(title=section.variant or "", sku=section.sku, price=price, currency=currency, units=units)
        items = (ItemPart(section.title, url, 1, price=price),) if event in ITEMS_IN else ()
    return MessageContext(
        shop=shop,
        product=shown,
        variant=variant,
        list=ListPart(name=list_.name),
        items=items,
        event=properties,
        attributes=dict(contact.attributes),
        wait=wait,
        time_zone=list_.time_zone,
    )
