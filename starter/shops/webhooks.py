"""Webhooks: verified, read and applied in one call; when it returns, it is committed (P4)."""

import hashlib
from dataclasses import dataclass

from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    SignatureWrong,
    Storefront,
    WebhookAnswer,
    WebhookRequest,
)
from schemas.incoming.facts import WebhookDelivery
from starter.shops.webhook_secrets import WebhookSecrets

UNNAMED = "unknown"
"""The topic of a delivery that does not say what it is about."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a webhook, and what its platform wants to read; None: nothing of its own."""

    receipt: Receipt
    answer: WebhookAnswer | None


class Webhooks:
    """The way in for what storefronts send."""

    def __init__(self, intake: Intake, secrets: WebhookSecrets) -> None:
        self._intake = intake
        self._secrets = secrets

    async def receive(self, storefront: Storefront, request: WebhookRequest) -> Received:
        """Verify, read and apply one webhook.

        Raises:
            SignatureWrong: as it says, or it names no store; nothing was read or kept.
            DeliveryMalformed: signed, but does not say what it is; it is kept for inspection.
            PayloadMalformed: signed, but unreadable; it is kept for inspection.
        """
        store = storefront.store_named(request)
        if store is None:
            raise SignatureWrong(
                "This names no store, so nothing says by which secret to verify it: something on the way removed a "
                "header, or the address that the platform was given lacks its store, as in ?store=shop.example."
            )
        body = request.body
        try:
            delivery = storefront.verify(request, await self._secrets.of(storefront.source, store))
        except DeliveryMalformed as error:
            # Signed, so kept; but nothing says what it is about.
            nameless = WebhookDelivery(
                store_id=store, source=storefront.source, topic=UNNAMED, key=hashlib.sha256(body).hexdigest()
            )
            # Without its body, for it may be about people.
            await self._intake.keep_malformed(nameless, str(error), b"")
            raise
        try:
            facts = storefront.read(delivery, body)
        except PayloadMalformed as error:
            await self._intake.keep_malformed(delivery, f"{error.path}: {error.message}", body)
            raise
        if isinstance(facts, NotOurs):
            receipt = await self._intake.ignore(delivery)
        else:
            receipt = await self._intake.receive(delivery, facts)
        return Received(receipt, storefront.answer(delivery))
