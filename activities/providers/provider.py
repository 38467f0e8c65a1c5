"""What every provider adapter does: verify who calls, and turn the call into events of messages.

As a storefront adapter (activities/storefronts/storefront.py) it is sans-I/O: it opens no connection, reads no clock
and keeps no state. A call of `/v1/webhooks/{provider}` goes through three steps:

1. `to_fetch` names what has to be fetched before anybody is believed: a certificate, from the provider's own host.
2. `verify` checks the signature and its age, and says which delivery it is.
3. `read` turns the body into `MessageEvent`s; the caller stores them.

To add a provider, write a file beside this one and a line in registry.py; tests/providers has the suite that it passes.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol, Self

from activities.storefronts.storefront import SignatureWrong, WebhookAnswer
from schemas.incoming.facts import WebhookDelivery
from schemas.incoming.message_events import MessageEvent

SETTING = "SHELFTALK_PROVIDER_SECRETS"
OF_NO_STORE = "any"
"""The store of a provider's delivery: it tells of messages of any."""
FRESH = timedelta(minutes=5)
"""How far a signed time may be from now, where each attempt is signed anew."""
RETRIED = timedelta(hours=24)
"""Where an attempt again has the first one's time: so long providers try. What is repeated counts once in any case."""


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call of a provider's webhook address, exactly as it arrived.

    Attributes:
        method, url: as they were asked for, the query included; a signature may be over the address.
        headers: in any case of their names.
        query: of the address, decoded.
        body: the raw bytes.
        fetched: what `to_fetch` named.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    url: str = ""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    method: str = "POST"
    fetched: bytes | None = None

    def header(self, name: str) -> str:
        """A header by its name in lower case; empty where there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")


class Provider(Protocol):
    """One provider's webhooks.

    Attributes:
        name: in the webhooks' address, in SHELFTALK_PROVIDER_SECRETS and beside each event.
        scheme: how its calls are known to be genuine, for people.
    """

    name: ClassVar[str]
    scheme: ClassVar[str]

    @classmethod
    def with_secrets(cls, secrets: Sequence[str]) -> Self:
        """The adapter with what its calls are verified by; several while one is rotated. With none it refuses all.

        Raises:
            ValueError: one is of no use; the text says what it has to be, and does not quote it.
        """
        ...

    def to_fetch(self, call: ProviderCall) -> str | None:
        """The address of what `verify` needs, at the provider's own host; None: nothing.

        Raises:
            SignatureWrong: the call names another host, which must not be asked.
        """
        ...

    def verify(self, call: ProviderCall, now: datetime) -> WebhookDelivery:
        """Make sure that the provider sent it; returns which delivery it is.

        Raises:
            SignatureWrong: it did not, or too long ago.
        """
        ...

    def read(self, delivery: WebhookDelivery, call: ProviderCall) -> tuple[MessageEvent, ...]:
        """The events in it; none: nothing that Shelftalk follows.

        Raises:
            PayloadMalformed: the body is not what this provider sends.
        """
        ...

    def to_open(self, call: ProviderCall) -> str | None:
        """An address of the provider's own that has to be opened, once, so that it goes on telling; None: nothing."""
        ...

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """The response that the provider expects when its delivery is committed. None: any 2xx will do."""
        ...


class PlainProvider:
    """What most providers have in common: nothing to fetch, nothing to open, any 2xx will do.

    Raises:
        ValueError: a secret is empty, and anyone could sign with it.
    """

    name: ClassVar[str]

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        if not all(secret.strip() for secret in secrets):
            raise ValueError(f"{SETTING} holds an empty secret of {self.name}")
        self.secrets = tuple(secrets)

    @classmethod
    def with_secrets(cls, secrets: Sequence[str]) -> Self:
        """See `Provider.with_secrets`."""
        return cls(secrets)

    def to_fetch(self, call: ProviderCall) -> str | None:
        """Nothing."""

    def to_open(self, call: ProviderCall) -> str | None:
        """Nothing."""

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """Any 2xx will do."""

    def delivery(self, key: str, at: datetime | None = None) -> WebhookDelivery:
        """The delivery of this key. Its body is about people, so it is never kept."""
        return WebhookDelivery(
            store_id=OF_NO_STORE,
            source=self.name,
            topic="events",
            key=key,
            triggered_at=at,
            about_people=True,
        )

    def needs_secret(self, what: str) -> None:
        """Refuse everything where no secret is set.

        Raises:
            SignatureWrong: none is.
        """
        if not self.secrets:
            raise SignatureWrong(
                f"Nothing is configured that calls of {self.name} could be verified by: set {SETTING} to "
                f"{self.name}={what}, and restart."
            )

    def refuse(self, what: str) -> SignatureWrong:
        """The refusal of a call that none of the secrets fits."""
        return SignatureWrong(
            f"{what} does not fit: the sender knows none of the secrets of {self.name} in {SETTING}, or something on "
            "the way changed the call."
        )

    def check_age(self, seconds: str, now: datetime, most: timedelta) -> datetime:
        """The moment of a signed time in seconds since 1970.

        Raises:
            SignatureWrong: it is no time, or too far from now.
        """
        try:
            at = datetime.fromtimestamp(float(seconds), UTC)
        except (ValueError, OverflowError, OSError):
            raise self.refuse("The signed time") from None
        if not -FRESH <= now - at <= most:
            raise SignatureWrong(
                f"The call of {self.name} was signed at another time than now: it is an old one that somebody sends "
                "again, or a clock is wrong."
            )
        return at


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether two texts are equal, in a time that does not say where they differ."""
    first = one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one
    second = other.encode("utf-8", "surrogatepass") if isinstance(other, str) else other
    return hmac.compare_digest(first, second)
