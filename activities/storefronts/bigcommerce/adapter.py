"""The storefront adapter for BigCommerce: verifies a webhook and has it read by scope, in the module beside it.

Source: https://github.com/bigcommerce/docs at 24f580ca, docs/integrations/webhooks/https-webhook-overview.mdx. It signs
by Standard Webhooks (https://www.standardwebhooks.com) with the client secret of the API account that made the webhook.
The store is the `producer` in the signed body.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote

from pydantic import Field
from standardwebhooks import Webhook

from activities.storefronts.bigcommerce.hints import about_people, read_hint
from activities.storefronts.payload import Payload, PlainText, read_payload
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    SignatureWrong,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from schemas.incoming.facts import Fact, WebhookDelivery

FRESH = timedelta(minutes=5)
"""How old or early a signed moment may be, as the libraries of Standard Webhooks have it."""
_SIGNATURE = "webhook-signature"
_PRODUCER = re.compile(r"stores/([a-z0-9]{3,50})")
_SCOPE = re.compile(r"[A-Za-z0-9_*/-]{1,100}")
_HASH = re.compile(r"[A-Za-z0-9]{8,64}")
_ID = re.compile(r"[\x21-\x7e]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,11}")


class _Envelope(Payload):
    producer: PlainText = None
    scope: PlainText = None
    hash: PlainText = None
    created_at: Annotated[int, Field(ge=0, lt=10**11)] | None = None


class BigCommerce:
    """The storefront adapter for BigCommerce. It fulfils `Storefront`. A secret is a client secret, as it was shown."""

    source: ClassVar[str] = "bigcommerce"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`. The handle is the path of the page; BigCommerce's pages ignore the variant."""
        page = f"{front_page}/{quote(handle.strip('/'))}/"
        return f"{page}?variant={quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """BigCommerce sends only deliveries."""

    def store_named(self, request: WebhookRequest) -> str | None:
        """See `Storefront.store_named`: the hash of the store."""
        try:
            return _store(read_payload(request.body, _Envelope))
        except PayloadMalformed:
            return None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`. One event that is sent twice has the same scope, time and hash, whatever its id."""
        sent_at = _check_signature(request, secrets)
        try:
            envelope = read_payload(request.body, _Envelope)
        except PayloadMalformed as error:
            raise DeliveryMalformed(str(error)) from None
        store, scope, hash_ = _store(envelope), envelope.scope or "", envelope.hash or ""
        if store is None or not _SCOPE.fullmatch(scope) or not _HASH.fullmatch(hash_):
            raise DeliveryMalformed(
                "$.producer, $.scope or $.hash is missing, or not of the form that BigCommerce uses."
            )
        return WebhookDelivery(
            store_id=store,
            source=self.source,
            topic=scope,
            # The hash may be that of the ids alone; with the time of the event no later change has the same key.
            key=f"{scope}:{envelope.created_at or 0}:{hash_}",
            triggered_at=sent_at,
            about_people=about_people(scope),
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`: mostly a hint, for a body holds ids only."""
        created_at = read_payload(body, _Envelope).created_at
        at = delivery.triggered_at if created_at is None else datetime.fromtimestamp(created_at, UTC)
        if at is None:
            raise PayloadMalformed("$.created_at", "this is missing")
        return read_hint(delivery.topic, body, at)

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """BigCommerce looks at the status only."""


def sign(secret: str, id_: str, at: datetime, body: str) -> str:
    """What BigCommerce puts into webhook-signature."""
    key = base64.b64encode(secret.encode()).decode()
    return Webhook(key).sign(id_, at.astimezone(UTC), body)


def _check_signature(request: WebhookRequest, secrets: Sequence[str]) -> datetime:
    """The moment that is signed.

    Raises:
        SignatureWrong: as it says.
    """
    id_, seconds = request.header("webhook-id") or "", request.header("webhook-timestamp") or ""
    told = [each.encode("utf-8", "surrogatepass") for each in (request.header(_SIGNATURE) or "").split(" ")]
    try:
        body = request.body.decode("utf-8")
    except UnicodeDecodeError:
        raise does_not_fit(_SIGNATURE) from None
    if not _ID.fullmatch(id_) or not _SECONDS.fullmatch(seconds):
        raise does_not_fit(_SIGNATURE)
    at = datetime.fromtimestamp(int(seconds), UTC)
    ours = [sign(secret, id_, at, body).encode() for secret in secrets if secret.strip()]
    fitting = [hmac.compare_digest(mine, theirs) for mine in ours for theirs in told]
    if not any(fitting):
        raise does_not_fit(_SIGNATURE)
    if abs(request.at - at) > FRESH:
        raise SignatureWrong(
            f"This was signed more than {FRESH.total_seconds() / 60:.0f} minutes before or after it came: somebody on "
            "the way may have kept it, or the clock of this server is wrong."
        )
    return at


def _store(envelope: _Envelope) -> str | None:
    named = _PRODUCER.fullmatch(envelope.producer or "")
    return named[1] if named else None
