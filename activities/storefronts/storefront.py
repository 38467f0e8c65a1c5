"""What every storefront adapter does: verify who sent a webhook, turn it into facts, and answer it.

An adapter is sans-I/O: bytes and headers go in, facts come out. It opens no connection, reads no clock, knows no
secret and keeps no state, so the caller decides about storage and time. A call of `/v1/webhooks/{source}` goes through
five steps:

1. `greet` answers what a platform sends before any delivery: an unsigned ping, a challenge to be echoed.
2. `store_named` says which store it claims to be of; the caller looks up what that store's webhooks are verified by.
3. `verify` checks the signature by these, and only then reads which delivery it is.
4. `read` turns the body into the facts of `schemas/incoming/facts.py`; the caller stores them.
5. `answer` is the response that the platform expects once that is committed.

To add a storefront, write a folder beside this file, with the vendor's shapes as `Payload` models (`payload.py`) and
one function per topic, and add its line to `registry.py`; the folders there are the examples to follow, and
tests/conformance/test_storefronts.py the suite to pass. What needs the platform's API (reading subjects back by their
ids; listing, making and repairing its subscriptions) is not part of an adapter: each will be a Protocol of its own
here, added with the first platform that has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.incoming.facts import Fact, WebhookDelivery


class SignatureWrong(DomainError):
    """The signature does not fit, or there is nothing to check it with. Answer 401.

    The text says what to do; it never holds a secret or a signature.
    """

    code = "signature_wrong"
    kind = ErrorKind.NOT_AUTHENTIC


def does_not_fit(signature: str) -> SignatureWrong:
    """No secret of the store made this signature. Which stores there are, and which have a secret, is not told.

    Args:
        signature: where it was looked for: a header, or the body.
    """
    return SignatureWrong(
        f"{signature} does not fit by any secret of the store that is named: the store is not connected, the sender "
        "signs with another secret, or something on the way changed the body. docs/storefronts says of each platform "
        "where its secret is found."
    )


class DeliveryMalformed(DomainError):
    """It names no store; or it is signed, but does not say which delivery it is. Answer 400."""

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
        url: the address that was called, as its sender knows it, with the query; some sign it, too.
        at: when it arrived: what is signed with a time is compared with it, for an adapter reads no clock.
    """

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    url: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def header(self, name: str) -> str | None:
        """A header by its name in any case."""
        folded = name.lower()
        return next((value for given, value in self.headers.items() if given.lower() == folded), None)


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

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """Where shoppers see a product, or one variant of it.

        Args:
            front_page: the shop's address, without a slash at its end.
            handle: as this adapter put it into `ProductFact.handle`: whatever it needs for the address.
        """
        ...

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """The response to a request that is no delivery; it is not recorded. None: it is a delivery, or claims to be.

        It may be unsigned, so the response reveals nothing that the sender does not know.
        """
        ...

    def store_named(self, request: WebhookRequest) -> str | None:
        """The store that a request claims to be of, as `WebhookDelivery.store_id` has it; None: it names none.

        Nobody believes it yet. Where the platform's messages name no store, the address that was given to the platform
        does, in its query as `store`.
        """
        ...

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """Make sure the vendor sent these very bytes; returns which delivery of the store named they are.

        Args:
            secrets: what webhooks of that store are verified by now, a shared secret or a public key each: none where
                the store is not connected, two while one is being rotated. Every one is tried, also after a match, so
                that the time taken does not tell which one it was.

        Raises:
            SignatureWrong: the vendor did not sign it.
            DeliveryMalformed: it did, but does not say what it is.
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
