"""What is stored of shoppers and of what their links open, and when a link opens nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from activities.storefronts.registry import page_url
from schemas.ids import ContactId, JourneyId, StoreId
from schemas.responses.shoppers import AHEAD_SHOWN_TO, ShopperWait, Standing


class LinkUnusable(Exception):
    """A link of a mail opens nothing.

    Attributes:
        why: `unknown`: nobody made such a link. `closed`: it is too old for the page, and still unsubscribes. `erased`:
            nobody is behind it any more.
    """

    def __init__(self, why: Literal["unknown", "closed", "erased"]) -> None:
        super().__init__("This link opens nothing (any more).")
        self.why: Literal["unknown", "closed", "erased"] = why


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever has a link; `closed`: it is too old for the page."""

    contact_id: ContactId
    store_id: StoreId
    closed: bool
    email: str | None
    language: str | None
    paused_until: datetime | None
    agreed: bool | None
    shop: str
    shop_url: str


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A place in line, as it is stored."""

    journey_id: JourneyId
    product_title: str
    variant_title: str | None
    variant_id: str | None
    page_url: str | None
    handle: str | None
    source: str
    entered_at: datetime
    claimed: bool
    unconfirmed: bool
    by_offer: bool
    ahead: int | None

    def seen_from(self, front_page: str) -> ShopperWait:
        """As the shopper sees it."""
        standing = (
            Standing.UNCONFIRMED
            if self.unconfirmed
            else Standing.CALLED
            if self.claimed
            else Standing.BY_OFFER
            if self.by_offer
            else Standing.FAR
            if self.ahead is None or self.ahead > AHEAD_SHOWN_TO
            else Standing.IN_LINE
        )
        return ShopperWait(
            journey=self.journey_id,
            title=titled(self.product_title, self.variant_title),
            url=self.page_url or page_url(self.source, front_page.rstrip("/"), self.handle, self.variant_id),
            since=self.entered_at,
            standing=standing,
            ahead=self.ahead if standing is Standing.IN_LINE else None,
        )


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A sign-up that somebody is asked about, as it is stored."""

    contact_id: ContactId
    store_id: StoreId
    erased: bool
    language: str | None
    shop: str
    product_title: str
    variant_title: str | None
    answered: bool
    over: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A request to be written to at another address; `open`: it can be agreed to, `moved`: it was."""

    shop: str
    language: str | None
    erased: bool
    open: bool
    moved: bool


def titled(product: str, variant: str | None) -> str:
    """What a thing is called: by its variant too, where that has a name of its own."""
    return f"{product} ({variant})" if variant and variant != "Default Title" else product
