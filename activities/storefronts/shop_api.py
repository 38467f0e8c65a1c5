"""What is asked of a platform's API: who a shop is, its catalogue, subjects by their ids, and its subscriptions.

Webhooks are hints: they come late, twice, in any order, thin, or not at all. What they leave open is asked here, and
the answers are facts like those of a webhook, applied by the same intake, so that one change told by webhook, poll and
sync is one transition.

To give a platform its API, write a class beside its adapter and name it in `registry.py`; tests/conformance/
test_shop_apis.py is the suite to pass, over a server that imitates the platform. A platform without webhooks is polled
by the ids of what is waited for, one without subscriptions has none to repair: then the method returns nothing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, Self

from activities.storefronts.shop_http import AccessRefused, ShopHttp
from schemas.incoming.facts import Fact, HintFact


class OrdersRefused(AccessRefused):
    """Orders alone cannot be read; all else is answered. The text says which permission is missing, or what else."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that `store connect` asks for.

    Attributes:
        name: in `Access.settings` or `Access.secrets`, and as the option of the command, with dashes.
        text: what it is and where it is found, in a line.
        secret: it is kept encrypted, and never shown again.
        default: what is taken where nothing is said; None: it has to be said.
        pattern: a regular expression that it fits as a whole.
        asked: False: nobody at a terminal is asked, for nearly all leave it as it is; `--set` says it.
        beside: asked only where this other one is answered.
        instead_of: asked only where this other one is not answered.
        tells_apart: two shops may have one address, and differ by this alone.
    """

    name: str
    text: str
    secret: bool = False
    default: str | None = None
    pattern: str = r".{1,2000}"
    asked: bool = True
    beside: str | None = None
    instead_of: str | None = None
    tells_apart: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """How a shop's API is spoken to.

    Attributes:
        settings: what `Question`s of no secret were answered with.
        secrets: the others, by name, with what `renewed` got since.
        ends_at: when the token ends; None: it does not, or there is none yet.
    """

    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Renewed:
    """Secrets that take the place of those of the same name, stored before any is used."""

    secrets: Mapping[str, str] = field(repr=False)
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who a shop is, by its own word.

    Attributes:
        store_id: as its webhooks name it, or as the address that they are sent to does.
        name: for shoppers.
        front_page: its address, without a slash at its end.
        currency: of its prices, ISO 4217.
        webhook_secret: what its webhooks are verified by, where its API tells or its settings hold it.
        notes: what people should know of how it is set up, a sentence each: that its stock falls when an order is
            shipped.
        sends: False: it sends no webhooks, as its platform is or as it was connected.
        by_hand: what people do in the platform's dashboard so that webhooks come, where no API does it; the address
            is shown beside it.
    """

    store_id: str
    name: str
    front_page: str
    currency: str | None
    webhook_secret: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    sends: bool = True
    by_hand: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a catalogue.

    Attributes:
        facts: complete in themselves, so that each page is applied for itself.
        read: products read so far, this page with them.
        total: how many there are; None: the platform does not say.
    """

    facts: tuple[Fact, ...]
    read: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """Some of the orders that have changed.

    Attributes:
        facts: complete in themselves, so that each page is applied for itself.
        changed_until: the last change among them, by the shop's clock: where to go on from.
    """

    facts: tuple[Fact, ...]
    changed_until: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """A variant that somebody waits for, or a whole product, by the platform's ids as facts had them."""

    product_id: str
    variant_id: str | None = None
    inventory_item_id: str | None = None


class Health(StrEnum):
    """How a subscription is."""

    ALIVE = "alive"
    OFF = "off"
    """The platform has switched it off, or is about to."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Subscription:
    """That a platform sends one topic to our address.

    Attributes:
        why: what the platform says of it, where it is not alive.
        secret: what the platform signs it with, where it makes that itself; None: what it was given.
    """

    topic: str
    health: Health
    why: str | None = None
    secret: str | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform does and bears, from its documentation: kept by its client, shown by `store status`, imitated by
    its simulator.

    Attributes:
        answer_seconds: within which a webhook is to be answered.
        retries: how long after the first try a webhook that was not taken is sent again, each time from the first.
        switched_off: its rule for switching a subscription off, in a line; None: it never does.
        calls: of its API, so many in so long; None: it names no number.
        heard_within: the bound within which a change is known to us though its webhook was lost: by poll or read-back.
    """

    answer_seconds: float | None
    retries: tuple[timedelta, ...]
    switched_off: str | None
    calls: tuple[int, timedelta] | None
    heard_within: timedelta


class ShopApi(Protocol):
    """One shop's API. A class that names this one as its base takes over what most platforms have alike: hints that are
    of products alone, no subscriptions, where they are set in a dashboard or there are none, and orders that webhooks
    tell of.

    Attributes:
        orders_are_asked_for: as often as what is waited for, since no webhook tells of them, or none is sent again.

    Every method raises:
        AccessRefused, ShopAway, ShopAnswerOdd: as they say (`shop_http.py`).
    """

    source: ClassVar[str]
    limits: ClassVar[Limits]
    questions: ClassVar[tuple[Question, ...]]
    orders_are_asked_for: ClassVar[bool] = False

    @classmethod
    def over(cls, http: ShopHttp, access: Access) -> Self:
        """The API of one shop. It opens nothing yet.

        Raises:
            ValueError: a setting is of no use; the text names it.
        """
        ...

    async def renewed(self, now: datetime) -> Renewed | None:
        """Other tokens, where the present ones are missing or end within minutes; None: they are good as they are.

        The caller sees to it that of several processes one asks.
        """
        ...

    async def introduce(self) -> Introduction:
        """Who the shop is; that it answers shows that the access is right."""
        ...

    def catalogue(self) -> AsyncIterator[Page]:
        """All products with their variants and stock, in pages."""
        ...

    async def read_back(self, watched: Sequence[Watched]) -> Sequence[Fact]:
        """What these are now, any number of them: in as few calls as the platform allows.

        Of what the shop has no more the fact says so; what it does not answer to is left out.
        """
        ...

    async def read_hints(self, hints: Sequence[HintFact]) -> Sequence[Fact]:
        """What these hints are about now, each thing once: products, orders, carts; the shop, where one has no id.

        Of what the shop has no more the fact says so, where there is such a fact. After a hint with no id the catalogue
        is to be read besides, for it does not say what it concerns.
        """
        named = {(each.product_id, each.variant_id) for each in hints if each.product_id is not None}
        return await self.read_back(
            [Watched(*each) for each in sorted(named, key=lambda pair: (pair[0], pair[1] or ""))]
        )

    async def orders_changed(self, since: datetime) -> AsyncIterator[OrdersPage]:
        """Orders that were made or changed then or later, by the shop's clock, the oldest change first.

        One may come twice; of those that change meanwhile none is left out.

        Raises:
            OrdersRefused: they may not be read.
        """
        del since
        for page in ():
            yield page

    async def subscriptions(self, address: str) -> Sequence[Subscription]:
        """How those to our address are, one for each topic that is needed."""
        del address
        return ()

    async def subscribe(self, address: str, secret: str) -> Sequence[Subscription]:
        """Make those that are missing, switch on those that are off; returns them all as they are then.

        Args:
            secret: what they are to be signed with, where the platform lets one choose.
        """
        del secret
        return await self.subscriptions(address)

    async def unsubscribe(self, address: str) -> None:
        """Remove all to our address."""
        del address
