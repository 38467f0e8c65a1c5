"""What every simulated shop has and does: variants with units and prices, an API, messages that tell of a change.

A platform is a folder beside this file, and a line in `shops.py`: `api.py` is its API as it is documented, `shop.py` a
shop of it. What it sends has the platform's shape and signature; moments are told as exactly as the platform has them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from starter.simulated.server import SimulatedApi

Key = str | RSAPrivateKey
"""What messages are signed with."""
Told = tuple[str, dict[str, Any]]
"""A topic, and a message of it."""
STRANGER = "a secret of somebody else"
THINGS = ("Blue kettle", "Tea pot", "Mug", "Sugar bowl", "Milk jug", "Egg cup", "Breakfast tray", "Toast rack")
PRICE = Decimal("49.00")
numbers = count(1)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it leaves the platform."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hook:
    """Where messages of a topic go. `id`: the subscription's, at the platform."""

    id: str
    address: str


@dataclass(frozen=True, slots=True)
class Order:
    """Some pieces of a variant that somebody bought. `total`: what they came to."""

    number: int
    place: int
    pieces: int
    email: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """What a platform does with a message that is not taken.

    Attributes:
        seconds: after which it waits for an answer no longer.
        retries: how long after the first try it sends again, each time.
        failures: so many in a row, and the subscription is off.
        gives_up: it is off after the last try of one message.
        share: so many messages at least, and this part of them not taken, and it is off.
        silence: nothing was taken for so long, and it is off.
    """

    seconds: float
    retries: tuple[timedelta, ...] = ()
    failures: int | None = None
    gives_up: bool = False
    share: tuple[int, float] | None = None
    silence: timedelta | None = None


class SimulatedShop(ABC):
    """A shop, and the platform that it is on. A variant is named by its place among all, from 0.

    Attributes:
        api: where it is asked; None: it has none.
        each: how many variants each product has.
        units, prices: of each variant.
        key: what it signs with; the former, while both are used.
        by_hand: where its messages go, where no API says so.
        is_off: the platform sends no more there.
        typed: the secret of them that somebody typed in.
    """

    source: ClassVar[str]

    def __init__(self, products: int, each: int = 1) -> None:
        self.each = each
        self.units = [0] * products * each
        self.prices = [PRICE] * products * each
        self.key: Key = ""
        self.former: Key = ""
        self.by_hand = self.typed = ""
        self.is_off = False

    @property
    @abstractmethod
    def api(self) -> SimulatedApi | None: ...

    @property
    def url(self) -> str:
        """Where its API is."""
        return self.api.url if self.api is not None else ""

    @property
    @abstractmethod
    def store(self) -> str:
        """Its id, as Shelftalk comes to know it."""

    def opened_at(self, url: str) -> None:
        """Its pages are there from now on, beside its API."""
        if self.api is not None:
            self.api.moved_to(url)
        at = datetime.now(UTC)
        for place in range(len(self.units)):
            self.changed(place, at)

    def product(self, place: int) -> int:
        """Which product it is a variant of."""
        return place // self.each

    def product_id(self, place: int) -> int:
        """The platform's number of that."""
        return 100 + self.product(place) * self.each

    def variant(self, place: int) -> str:
        """The platform's id of a variant."""
        return str(1000 + place)

    def title(self, place: int) -> str:
        """What the product is called."""
        number = self.product(place)
        again = number // len(THINGS)
        return THINGS[number % len(THINGS)] + (f" {again + 1}" if again else "")

    def handle(self, place: int) -> str:
        """Its title in its address."""
        return self.title(place).lower().replace(" ", "-")

    def siblings(self, place: int) -> range:
        """All variants of its product."""
        first = self.product(place) * self.each
        return range(first, first + self.each)

    @abstractmethod
    def answers(self) -> dict[str, str]:
        """To what `store connect` asks."""

    @property
    def secret(self) -> str | None:
        """What its messages are to be signed with, as far as it was told; None: there are none."""
        return None

    def begin(self, secret: str) -> None:
        """It is connected, and signs with this from now on."""
        self.key = self.former = secret

    def next_secret(self) -> str | None:
        """What the platform gives in place of the secret; None: whoever takes its messages makes one."""
        return f"the secret number {next(numbers)}"

    def rotate(self, secret: str) -> None:
        """It signs with another one; for a while with the one before, too."""
        self.former, self.key = self.key, secret

    def end_token(self) -> bool:
        """The API takes the tokens no more that it gave until now. Whether it gives any."""
        return False

    def switch_off(self, hook: str | None = None) -> bool:
        """The platform sends no more to this subscription, or to none. Whether that can be seen and mended by its API.

        One that no API knows is off until somebody switches it on by hand.
        """
        self.is_off = hook is not None
        return False

    def set(self, place: int, units: int, at: datetime) -> None:
        """A variant has so many units now."""
        self.units[place] = units
        self.changed(place, at)

    def set_price(self, place: int, price: Decimal, at: datetime) -> None:
        """A variant costs so much now."""
        self.prices[place] = price
        self.changed(place, at)

    @abstractmethod
    def changed(self, place: int, at: datetime) -> None:
        """Have the API answer with a variant as it is now."""

    def ordered(self, order: Order, at: datetime) -> Told | None:
        """Have the API know an order, and tell of it; None: the platform tells of none."""
        del order, at
        return None


class SendingShop(SimulatedShop):
    """One whose platform sends messages.

    Attributes:
        rule: of the platform, for messages that are not taken.
        in_turn: it makes a message when it sends it, and sends those of one product one after the other.
        topic: of a message that is made when it is sent.
    """

    rule: ClassVar[Rule]
    in_turn: ClassVar[bool] = False
    topic: ClassVar[str] = ""

    def subscribed(self, told: Callable[[Hook], None]) -> None:
        """Have each subscription told of as soon as it is made, of a platform that greets it."""
        del told

    def greeting(self, hook: Hook) -> Sent | None:
        """What is sent to a subscription as soon as it is made; None: nothing."""
        del hook
        return None

    @property
    @abstractmethod
    def secret(self) -> str | None: ...

    def hooks(self, topic: str) -> Sequence[Hook]:
        """Where messages of a topic go now."""
        del topic
        return [] if self.is_off else [Hook("by hand", self.by_hand)]

    @abstractmethod
    def message(self, place: int, at: datetime, number: int) -> Told:
        """What is sent of a variant's units as they are now."""

    @abstractmethod
    def product_message(self, place: int, at: datetime, number: int) -> Told:
        """What is sent of its product when a price changed."""

    @abstractmethod
    def without_fields(self, place: int, at: datetime, number: int) -> Told:
        """What is sent of a variant, without what it has to have."""

    @abstractmethod
    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> Sent:
        """A message with this body."""

    def stranger(self) -> Key:
        """What somebody else would sign with."""
        return STRANGER

    def opening(self, at: datetime) -> list[Told]:
        """What tells of its products, where no catalogue does."""
        del at
        return []


def seconds(at: datetime) -> str:
    """A moment as JSON has it, without parts of a second."""
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def milliseconds(at: datetime) -> str:
    """The same with milliseconds."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
