"""Webhooks: verified, read and applied in one call; when it returns, it is committed (P4)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from activities.intake.deliveries import Receipt
from activities.intake.intake import Intake
from activities.storefronts.storefront import DeliveryMalformed, NotOurs, PayloadMalformed, Storefront, WebhookAnswer
from schemas.incoming.facts import WebhookDelivery

UNNAMED = "unknown"
"""The store and topic of a delivery whose headers do not name them."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a webhook, and what its platform wants to read; None: nothing of its own."""

    receipt: Receipt
    answer: WebhookAnswer | None


class Webhooks:
    """The way in for what storefronts send."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def receive(self, storefront: Storefront, body: bytes, headers: Mapping[str, str]) -> Received:
        """Verify, read and apply one webhook.

        Raises:
            SignatureWrong: nothing was read or kept.
            DeliveryMalformed: signed, but its headers do not say what it is; it is kept for inspection.
            PayloadMalformed: signed, but unreadable; it is kept for inspection.
        """
        try:
            delivery = storefront.verify(body, headers)
        except DeliveryMalformed as error:
            # Signed, so kept; but nothing says whose it is, only what it is.
            nameless = WebhookDelivery(
                store_id=UNNAMED, source=storefront.source, topic=UNNAMED, key=hashlib.sha256(body).hexdigest()
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
