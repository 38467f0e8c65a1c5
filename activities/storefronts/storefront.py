"""What every storefront adapter does: verify who sent a webhook, turn it into facts, and answer it.

An adapter is sans-I/O: bytes and headers go in, facts come out. It opens no connection, reads no clock and keeps
no state, so the caller decides about storage and time. A call of `/v1/webhooks/{source}` goes through four steps:

1. `greet` answers what a platform sends before any delivery: an unsigned ping, a challenge to be echoed.
2. `verify` checks the signature, and only then reads which store and topic it is.
3. `read` turns the body into the facts of `schemas/incoming/facts.py`; the caller stores them.
4. `answer` is the response that the platform expects once that is committed.

To add a storefront, write a folder beside this file, with the vendor's shapes as `Payload` models (`payload.py`) and
one function per topic, and add its line to `registry.py`; the folders there are the examples to follow, and
tests/conformance/test_storefronts.py the suite to pass. What needs the platform's API (reading subjects back by their
ids; listing, making and repairing its subscriptions) is not part of an adapter: each will be a Protocol of its own
here, added with the first platform that has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, Self

from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.incoming.facts import Fact, WebhookDelivery
from schemas.settings import Settings


class SignatureWrong(DomainError):
    """The signature does not fit the body, or no secret is set to check it with. Answer 401.

    The text names which of the two and what to do; it never holds a secret or a signature.
    """

    code = "signature_wrong"
    kind = ErrorKind.NOT_AUTHENTIC


class DeliveryMalformed(DomainError):
    """The signature is right, but a header with the store or the topic is missing or wrong. Answer 400."""

    code = "delivery_malformed"
    kind = ErrorKind.MALFORMED


class PayloadMalformed(DomainError):
    """The body does not fit its topic. Answer 400, and keep the body for inspection.

    Attributes:
        path: where, as JSONPath: `$.variants[2].price`; `$` is the whole body.
        message: what is wrong there. It never quotes the body's values.
    """

    code = "delivery_malformed"
    kind = ErrorKind.MALFORMED

    def __init__(self, path: str, message: str) -> None:
        super().__init__(
            f"{path}: {message}",
            public=f"{message}. The delivery is kept for inspection.",
            fields=(FieldError(path, message),),
        )
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class NotOurs:
    """A genuine webhook about something Shelftalk does not follow. Record it and answer 2xx."""

    topic: str


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One call of a storefront's webhook address, exactly as it arrived.

    Attributes:
        body: the raw bytes; a signature does not survive parsing.
        headers: in any case of their names.
        query: the query of the address.
    """

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What goes back to a platform, byte for byte."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Storefront(Protocol):
    """One platform's webhooks.

    Attributes:
        source: the platform's short name: in `WebhookDelivery.source`, in its webhooks' address, and beside each of
            its stores in the database.
    """

    source: ClassVar[str]

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The adapter as the settings describe it.

        Raises:
            ValueError: a setting is of no use; the text names it.
        """
        ...

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """Where shoppers see a product, or one variant of it.

        Args:
            front_page: the shop's address, without a slash at its end.
            handle: as this adapter put it into `ProductFact.handle`: whatever it needs for the address.
        """
        ...

    @property
    def missing_setting(self) -> str | None:
        """The setting without which every webhook is refused, if it is not set."""
        ...

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """The response to a request that is no delivery; it is not recorded. None: it is a delivery, or claims to be.

        It may be unsigned, so the response reveals nothing that the sender does not know.
        """
        ...

    def verify(self, body: bytes, headers: Mapping[str, str]) -> WebhookDelivery:
        """Make sure the vendor sent these very bytes; returns which delivery of which store they are.

        Args:
            body, headers: as in `WebhookRequest`.

        Raises:
            SignatureWrong: the vendor did not sign it.
            DeliveryMalformed: it did, but store or topic are not given.
        """
        ...

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """The facts in this delivery.

        Args:
            delivery: what `verify` returned, itself and not a copy: an adapter may keep more in it.
            body: the bytes that were verified.

        Raises:
            PayloadMalformed: the body does not fit its topic.
        """
        ...

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """The response that the platform expects when its delivery is committed. None: any 2xx will do."""
        ...
