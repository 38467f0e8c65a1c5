"""How the contacts of a scenario enter: by which alert or on which event, when, and about what."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from activities.waitlist.window import window_end
from schemas.document.alert_types.alert import PLENTY
from schemas.document.alert_types.registry import AnyAlert
from schemas.document.conversation import ConversationDocument
from schemas.document.profiles import OtherSection, ProductSection
from schemas.document.scenarios import ExpectSection, HappeningSection, ScenarioSection
from schemas.ids import AlertId, ContactId, JourneyId, Level, StoreId, Subject
from schemas.journey.program import Program
from schemas.journey.state import JourneyStart
from schemas.names import is_shop_event
from starter.rehearsing.fixtures import ITEMS_IN, PRODUCT_ID, STORE, VARIANT_ID, Properties

REHEARSED = JourneyId("rehearsal")
JOINED = "joined_list"


@dataclass(frozen=True, slots=True)
class Entrance:
    """How one contact enters a conversation.

    Attributes:
        contact: their id, and their name in the scenario.
        at: aware, in UTC.
        alert_id, alert: None: the conversation is entered on `event`, without an alert.
        store: where.
        product: what it is about; None: nothing.
        units: of it there are when they enter.
        properties: of the event.
    """

    contact: str
    at: datetime
    event: str
    store: StoreId
    alert_id: str | None = None
    alert: AnyAlert | None = None
    product: ProductSection | None = None
    units: int = 0
    properties: Properties = field(default_factory=dict[str, bool | int | str])

    @classmethod
    def of(cls, document: ConversationDocument, scenario: ScenarioSection) -> "Entrance":
        """How the contact of a valid scenario enters."""
        contact = scenario.profile.id
        at = scenario.enters.replace(tzinfo=ZoneInfo(document.list.time_zone)).astimezone(UTC)
        store = StoreId(scenario.store or (document.list.stores or (STORE,))[0])
        if (code := entered_alert(document, scenario)) is not None:
            alert, product = document.alerts[code], scenario.product or ProductSection()
            units = product.units if product.units is not None else alert.usual_case(product.price).units
            return cls(contact, at, f"{code}.alert", store, code, alert, product, units)
        event = entered_event(document, scenario) or ""
        product = scenario.product or (ProductSection() if event in ITEMS_IN else None)
        units = product.units if product is not None and product.units is not None else PLENTY
        properties = scenario.event_properties
        if event == JOINED:
            # The event has the list as a property.
            properties = {"list": document.list.code, **properties}
        return cls(contact, at, event, store, None, None, product, units, properties)

    def of_another(self, document: ConversationDocument, other: OtherSection) -> "Entrance":
        """How somebody else enters the same alert or another, of the same product."""
        zone = ZoneInfo(document.list.time_zone)
        code = other.alert or self.alert_id or ""
        return replace(
            self,
            contact=other.name,
            at=enters_at(other, self.at, zone),
            event=f"{code}.alert",
            alert_id=code,
            alert=document.alerts[code],
        )

    def start(
        self, document: ConversationDocument, program: Program, journey_id: JourneyId = REHEARSED
    ) -> JourneyStart:
        """The start input of the journey."""
        start = JourneyStart(
            journey_id=journey_id,
            contact_id=ContactId(self.contact),
            store_id=self.store,
            subject=Subject(store_id=self.store, id=VARIANT_ID) if self.product is not None else None,
            entered_on=self.event if self.alert is None else None,
            entered_at=self.at,
            program=program,
        )
        if self.alert is None:
            return start
        whole = self.alert.level is Level.PRODUCT
        days = self.alert.relevancy_window.days
        return start.model_copy(
            update={
                "alert_id": AlertId(self.alert_id or ""),
                "subject": Subject(store_id=self.store, level=self.alert.level, id=PRODUCT_ID if whole else VARIANT_ID),
                "window_ends_at": window_end(self.at, days, document.list.time_zone),
            }
        )


def enters_at(other: OtherSection, first_at: datetime, zone: ZoneInfo) -> datetime:
    """When somebody else enters, aware, in UTC.

    Args:
        first_at: when the scenario's contact does.
    """
    if other.enters is not None:
        return other.enters.replace(tzinfo=zone).astimezone(UTC)
    return first_at - (other.before or timedelta(0)) + (other.after or timedelta(0))


def entered_alert(document: ConversationDocument, scenario: ScenarioSection) -> str | None:
    """The alert whose queue is entered: the one that is named, or else the one that the first thread answers."""
    if scenario.alert is not None:
        return scenario.alert
    if scenario.on is not None:
        return None
    for thread in document.threads:
        if thread.on is not None and is_shop_event(thread.on):
            return None
        if thread.on is not None and (code := thread.on.partition(".")[0]) in document.alerts:
            return code
    return None


def entered_event(document: ConversationDocument, scenario: ScenarioSection) -> str | None:
    """The event that a conversation without an alert is entered on: the one that is named, or else the first."""
    if scenario.on is not None:
        return scenario.on
    return next((thread.on for thread in document.threads if thread.on and is_shop_event(thread.on)), None)


def when(section: HappeningSection | ExpectSection, entered_at: datetime, zone: str) -> datetime:
    """The moment of one thing that happens or is expected, aware, in UTC; at entering, where none is said."""
    if section.at is not None:
        return section.at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return entered_at + (section.after or timedelta(0))


def usual_scenario(document: ConversationDocument) -> ScenarioSection:
    """The scenario that is rehearsed where nobody wrote one: what the conversation is made for."""
    name = "What usually happens"
    scenario = ScenarioSection(name=name)
    code = entered_alert(document, scenario)
    if code is None:
        return scenario
    usual = document.alerts[code].usual_case(ProductSection().price)
    happening = HappeningSection(after=timedelta(days=3), stock=usual.stock, price=usual.price)
    return ScenarioSection(name=name, happens=(happening,))
