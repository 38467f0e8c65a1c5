"""What a message can show: the facts of the moment, and their names in templates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from activities.rendering.language import Vocabulary


@dataclass(frozen=True, slots=True)
class ShopPart:
    """The shop that writes. `url` is its front page."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ProductPart:
    """The product of the message; `url` is its page. Of a message about no product: no title, the shop's front page."""

    title: str
    url: str
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class VariantPart:
    """The variant that is watched. An empty title counts as absent.

    Attributes:
        price: now, in the shop's currency.
        units: that are left now, of the variant or of the whole product that is watched; None: nobody counts them.
    """

    title: str
    sku: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    units: int | None = None


@dataclass(frozen=True, slots=True)
class WaitPart:
    """The contact's wait; all None without one.

    Attributes:
        since: when they entered.
        price: what it cost then, in the shop's currency.
        place: in line, the first is 1; None: they stand in no line now, or it is not known.
        instead_of: the title of what they asked for, where their line was moved since; None: it is this.
    """

    since: datetime | None = None
    price: Decimal | None = None
    place: int | None = None
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class LinksPart:
    """Pages for this contact alone, by links that are theirs; absent where the installation has no public address.

    Attributes:
        unsubscribe: where they say no to these messages.
        page: what they wait for, where they stand, and their settings.
        confirm: in the question of a double opt-in, and nowhere else: where a button says yes.
    """

    unsubscribe: str | None = None
    page: str | None = None
    confirm: str | None = None


@dataclass(frozen=True, slots=True)
class ListPart:
    """The list the contact is on."""

    name: str


@dataclass(frozen=True, slots=True)
class ItemPart:
    """One thing of the cart, checkout or order that a conversation was entered on."""

    title: str
    url: str
    quantity: int
    image_url: str | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ToldPart:
    """One thing that is told in a message with others. `title` is the product's; an empty `variant` counts as absent.

    Attributes:
        units: as of a variant.
        coupon: the code that is reserved for them with it.
    """

    title: str
    url: str
    variant: str = ""
    image_url: str | None = None
    price: Decimal | None = None
    units: int | None = None
    coupon: str | None = None


Plain: TypeAlias = str | int | float | bool | Decimal | None


@dataclass(frozen=True, slots=True)
class MessageContext:
    """All that a template can name.

    Attributes:
        items: of the event that the conversation was entered on, those whose products the storefront has reported.
        together: all that is told in this message, its own first; empty where that is one thing.
        event: the properties of that event.
        attributes: of the contact.
        coupon: the code that is reserved for them; None: their alert gives none, or none was left.
        time_zone: what dates are told in.
    """

    shop: ShopPart
    product: ProductPart
    variant: VariantPart
    list: ListPart
    items: tuple[ItemPart, ...] = ()
    together: tuple[ToldPart, ...] = ()
    event: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    attributes: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    wait: WaitPart = WaitPart()
    links: LinksPart = LinksPart()
    coupon: str | None = None
    time_zone: str = "UTC"

    @property
    def language(self) -> str | None:
        """What the contact speaks, if somebody told; perhaps no language at all."""
        told = self.attributes.get("language")
        return told if isinstance(told, str) else None


Part: TypeAlias = ShopPart | ProductPart | VariantPart | ListPart | ItemPart | ToldPart | WaitPart | LinksPart


def _parts(part: type[Part]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(part))


VOCABULARY = Vocabulary(
    parts={
        "shop": _parts(ShopPart),
        "product": _parts(ProductPart),
        "variant": _parts(VariantPart),
        "list": _parts(ListPart),
        "wait": _parts(WaitPart),
        "links": _parts(LinksPart),
        "coupon": ("code",),
    },
    open=frozenset({"event", "contact.attributes"}),
    lists={"items": _parts(ItemPart), "together": _parts(ToldPart)},
)
"""What a template can name."""
