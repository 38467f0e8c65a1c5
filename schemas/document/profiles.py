"""Who and what a scenario is about: the contact, what they bought and opened, who else is in line, and the product."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, WithJsonSchema, model_validator

from schemas.addresses import PhoneNumber
from schemas.document.scenario_values import MOST_NAMES, Count, Moment, Price, Text, YesNo
from schemas.model import Section
from schemas.names import AttributeName, AttributeValue, Code, TagName
from schemas.time.durations import Duration
from schemas.wanted import Wanted


class Ordered(StrEnum):
    """What they ordered."""

    THIS = "this"
    """The product that the journey is about."""
    ANOTHER = "another"


class OrdersSection(Section, title="Orders"):
    """What the contact had ordered before they entered."""

    count: Count = 0
    """How many orders."""
    last: Moment | None = None
    """When they last ordered anything."""
    bought_this: Moment | None = None
    """When they last bought this product."""


class EngagementSection(Section, title="Engagement"):
    """What the contact had done with messages before they entered."""

    last_open: Moment | None = None
    """When they last opened one."""
    last_click: Moment | None = None
    """When they last clicked in one."""
    last_message: Moment | None = None
    """When one was last sent to them."""


class PersonSection(Section):
    """What a contact is like when they enter."""

    attributes: Annotated[dict[AttributeName, AttributeValue], Field(max_length=MOST_NAMES)] = Field(
        default_factory=dict[str, bool | int | str]
    )
    """As criteria and messages ask for them."""
    tags: Annotated[tuple[TagName, ...], Field(max_length=MOST_NAMES)] = ()
    """Their tags."""
    lists: Annotated[tuple[Code, ...], Field(max_length=MOST_NAMES)] = ()
    """The lists they have joined."""
    consent: YesNo = True
    """Whether they agreed to be written to by e-mail."""
    phone: Annotated[PhoneNumber, WithJsonSchema({"type": "string", "maxLength": 40})] | None = None
    """Their number, with + and the country's code, in quotes; without one no text message reaches them."""
    sms_consent: YesNo = True
    """Whether they agreed to text messages, if they have a number."""
    orders: OrdersSection = OrdersSection()
    """What they had ordered before."""
    engagement: EngagementSection = EngagementSection()
    """What they had done with messages before."""
    time_zone: Text | None = None
    """Where they live, like Europe/Berlin; the list's when left out."""
    last_entered: Moment | None = None
    """When they entered the last time before this."""
    wants: Wanted = 1
    """How many units they want, of what they sign up to hear of when it is back in stock."""


class ProfileSection(PersonSection, title="Profile"):
    """The contact of a scenario."""

    id: Code = "somebody"
    """Their name in what is expected; and whose chance it is: another contact may go another way of a split."""


class OtherProfileSection(PersonSection, title="Profile of another contact"):
    """What somebody else is like when they enter."""


class OtherSection(Section, title="Other contact"):
    """Somebody else who enters: they stand in line before or behind the contact of the scenario."""

    name: Code
    """Who they are, in what happens and is expected."""
    profile: OtherProfileSection = OtherProfileSection()
    """What they are like."""
    before: Duration | None = None
    """How long before the scenario's contact they enter, like 2 days."""
    after: Duration | None = None
    """How long after the scenario's contact they enter; at the same moment, behind them, when nothing is said."""
    enters: Moment | None = None
    """When they enter, by the list's clock."""
    alert: Code | None = None
    """Whose queue they enter; that of the scenario's contact when left out."""

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if sum(each is not None for each in (self.before, self.after, self.enters)) > 1:
            raise ValueError("'before', 'after' and 'enters' are three ways to say when: keep one of them")
        return self


class ProductSection(Section, title="Product"):
    """What a scenario is about, as it is when the first contact enters."""

    title: Text = "Blue kettle"
    """Its title."""
    vendor: Text | None = None
    """Its vendor."""
    tags: Annotated[tuple[Text, ...], Field(max_length=MOST_NAMES)] = ()
    """Its tags."""
    collections: Annotated[tuple[Text, ...], Field(max_length=MOST_NAMES)] = ()
    """The collections it is in."""
    price: Price = Decimal("40.00")
    """Its price."""
    units: Count | None = None
    """How many there are; as many as there is something to wait for, when left out."""
    counted: YesNo = True
    """Whether its units are counted."""
    on_sale: YesNo = True
    """Whether it is for sale."""
    variant: Text | None = None
    """The variant's title."""
    sku: Text | None = None
    """The variant's SKU."""
