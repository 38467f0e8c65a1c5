"""What every storefront adapter promises: check who sent a webhook, then say in our words what it told us.

An adapter is sans-I/O: bytes and headers go in, facts come out. It opens no connection, reads no clock and keeps
no state, so whoever calls it decides about storage, time and answers. A webhook passes through in two steps:

1. `verify` looks at the signature before anything else, and only then at who sent it and what about.
2. `read` turns the body into facts, in the words of `schemas/facts.py`.

Nothing has happened until the caller has stored what came out. To add a storefront, write one file beside this
one, with the vendor's shapes as `Payload` models (`payload.py`) and one function per topic; `shopify.py` is the
example to follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.facts import Delivery, Fact


class SignatureWrong(DomainError):
    """Nobody who knows the secret signed this body, or there is no secret to check it with. Answer 401.

    The text says which of the two and what to do; it never holds a secret or a signature.
    """

    code = "signature_wrong"
    kind = ErrorKind.NOT_AUTHENTIC


class DeliveryMalformed(DomainError):
    """The signature is right, but a header that says who sent this, or what it is about, is not. Answer 400."""

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
    """A genuine webhook about something Shelftalk does not follow. Record it and answer 200."""

    topic: str


class Storefront(Protocol):
    """One vendor's webhooks.

    Attributes:
        source: the vendor's short name: in `Delivery.source` and in the webhook's address.
    """

    @property
    def source(self) -> str: ...

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Make sure the vendor sent these very bytes, and say which delivery of which store they are.

        Args:
            body: the request's body exactly as it arrived; a signature does not survive parsing.
            headers: the request's headers, in any case of their names.

        Raises:
            SignatureWrong: the sender is not who it says.
            DeliveryMalformed: it is, but does not say what this is.
        """
        ...

    def read(self, delivery: Delivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """Say what this delivery tells us.

        Args:
            delivery: what `verify` returned, itself and not a copy: an adapter may keep more in it.
            body: the bytes that were verified.

        Raises:
            PayloadMalformed: the body does not fit its topic.
        """
        ...
