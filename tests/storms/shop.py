"""A shop in a storm: what it has, what it sends of it, and what its rules are. Each platform has a file beside this.

Each is a simulated shop with its API where the platform has one; what it sends has the platform's shape and signature.
Moments are told as exactly as the platform tells them.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from activities.storefronts.shop_api import ShopApi
from activities.storefronts.storefront import WebhookRequest

Key = str | RSAPrivateKey
"""What messages are signed with."""
VARIANTS_EACH = 3
STRANGER = "a secret of somebody else"
numbers = count(1)


class StormShop(ABC):
    """A shop, and the platform that it is on.

    Attributes:
        units: of each variant.
        malformed_json: what is answered to a signed body that is no JSON: 401 where the store stands in the body.
        in_turn: it makes a message when it sends it, and sends those of one product one after the other.
        topic: of a message that is made when it is sent.
        url: of its API.
        key: what it signs with; the former, while both are used.
    """

    source: ClassVar[str]
    malformed_json: ClassVar[int] = 400
    in_turn: ClassVar[bool] = False
    topic: ClassVar[str] = ""
    api: ClassVar[type[ShopApi] | None] = None

    def __init__(self, variants: int) -> None:
        self.units = [0] * variants
        self.url = ""
        self.key: Key = ""
        self.former: Key = ""

    @property
    def apis(self) -> Mapping[str, type[ShopApi]]:
        """As a process has them."""
        return {self.source: self.api} if self.api is not None else {}

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Its API answers for so long."""
        yield

    def product(self, place: int) -> int:
        return place // VARIANTS_EACH

    def variant(self, place: int) -> str:
        return str(1000 + place)

    @abstractmethod
    def answers(self) -> dict[str, str]:
        """To what `store connect` asks."""

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

    def switch_off(self) -> bool:
        """The platform sends no more, by its own rule. Whether it can be seen and mended by its API."""
        return False

    def is_subscribed(self, topic: str) -> bool:
        """Whether it sends this topic."""
        del topic
        return True

    @abstractmethod
    def set(self, place: int, units: int, at: datetime) -> None:
        """A variant has so many units now."""

    @abstractmethod
    def message(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        """A topic, and what is sent of a variant as it is now."""

    @abstractmethod
    def without_fields(self, place: int, at: datetime, number: int) -> tuple[str, dict[str, Any]]:
        """The same without what it has to have."""

    @abstractmethod
    def sent(self, topic: str, body: bytes, at: datetime, key: Key, number: int) -> WebhookRequest:
        """A request with this body."""

    def stranger(self) -> Key:
        return STRANGER

    def opening(self, at: datetime) -> list[tuple[str, dict[str, Any]]]:
        """What tells of its products, where no catalogue does."""
        del at
        return []


def seconds(at: datetime) -> str:
    """A moment as JSON has it, without parts of a second."""
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def milliseconds(at: datetime) -> str:
    """The same with milliseconds."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
