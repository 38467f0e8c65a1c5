"""What shoppers see on their own page, behind the link of a mail."""

from datetime import datetime
from enum import StrEnum

from schemas.ids import JourneyId
from schemas.model import Model

AHEAD_SHOWN_TO = 1000
"""Of more who stand before them, it is only said that they are more."""


class Standing(StrEnum):
    """Where somebody stands with one thing that they wait for."""

    IN_LINE = "in_line"
    """So many are called forward before them."""
    FAR = "far"
    """More than `AHEAD_SHOWN_TO` are, or it is not known how many."""
    BY_OFFER = "by_offer"
    """They are told when the price or the number of units is right for them, and nobody is before them."""
    CALLED = "called"
    """Their turn has come: a message is about to leave."""
    UNCONFIRMED = "unconfirmed"
    """They have not said yes yet to the question that they were sent."""


class ShopperWait(Model):
    """One thing that somebody waits for.

    Attributes:
        title: of the product, and of the variant where it has one.
        url: its page in the shop.
        ahead: how many are called forward before them; None: see `standing`.
    """

    journey: JourneyId
    title: str
    url: str
    since: datetime
    standing: Standing
    ahead: int | None


class ShopperPage(Model):
    """A shopper's own page for one shop.

    Attributes:
        language: what they read, by its BCP 47 tag; None: not told.
        agreed: whether they agreed to be written to; None: they have said nothing.
        paused_until: they asked for no messages until then; None: they did not.
    """

    shop: str
    shop_url: str
    email: str
    language: str | None
    agreed: bool | None
    paused_until: datetime | None
    waits: tuple[ShopperWait, ...]


class Question(Model):
    """A sign-up that its address's owner is asked about.

    Attributes:
        title: of what it is for.
        answered: they have said yes.
        over: it is too late to say so.
    """

    shop: str
    title: str
    language: str | None
    answered: bool
    over: bool
