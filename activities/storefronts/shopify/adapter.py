"""The storefront adapter for Shopify: verifies a webhook and has it read by topic, in the modules beside it.

Source: https://shopify.dev/docs/api/webhooks, Admin API versions 2023-01 to 2025-10. What differs between them and
matters here:
- 2024-10 dropped a variant's `inventory_management`: since then the message does not tell whether units are counted.
- `variants` shows the first 100; newer versions list all of them in `variant_gids`.
- 2025-10 added the status `unlisted` (visible by its link only); older versions call such a product `active`.
- Ids are JSON numbers that some programs on the way round (beyond 2^53); `admin_graphql_api_id` is text and is not.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote

from activities.storefronts.payload import parse_moment
from activities.storefronts.shopify.people import read_checkout, read_no_checkout, read_order, read_privacy
from activities.storefronts.shopify.things import read_gone, read_level, read_no_level, read_product, read_shop
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from schemas.incoming.facts import Fact, WebhookDelivery

LONGEST_DOMAIN = 255
_SIGNATURE = "X-Shopify-Hmac-Sha256"
_DOMAIN = "X-Shopify-Shop-Domain"
_ABOUT_THINGS = frozenset(
    {
        *("inventory_levels/update", "inventory_levels/connect", "inventory_levels/disconnect"),
        *("products/update", "products/create", "products/delete"),
    }
)
"""Messages of any other topic may hold names and addresses."""
_ABOUT_PEOPLE = re.compile(
    rb'@|"(customer|email|contact_email|phone|first_name|last_name|(billing_|shipping_|default_)?address)"\s*:'
)
"""What tells a message about people, whatever topic its header says: only the body is signed."""
_PRIVACY = ("customers/redact", "shop/redact", "customers/data_request")
_TOPIC = re.compile(r"[a-z0-9_./-]{1,100}")
_WEBHOOK_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class Shopify:
    """The storefront adapter for Shopify. It fulfils `Storefront`.

    A secret is the client secret of an app, or the signing key of a shop's admin.
    """

    source: ClassVar[str] = "shopify"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`."""
        page = f"{front_page}/products/{quote(handle, safe='')}"
        return f"{page}?variant={quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Shopify sends only deliveries."""

    def store_named(self, request: WebhookRequest) -> str | None:
        """See `Storefront.store_named`: its domain."""
        domain = _folded(request.header(_DOMAIN) or "")
        return domain if len(domain) <= LONGEST_DOMAIN and _HOST.fullmatch(domain) else None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`. Shopify signs the body only; store, topic and webhook id come from headers.

        A privacy message is known by its signed body, so that under another id it is still the same one.
        """
        body = request.body
        claimed = (request.header(_SIGNATURE) or "").encode("utf-8", "surrogatepass")
        fitting = [hmac.compare_digest(sign(body, secret.encode()), claimed) for secret in secrets if secret.strip()]
        if not any(fitting):
            raise does_not_fit(_SIGNATURE)
        topic = _header(request, "X-Shopify-Topic", _TOPIC)
        webhook_id = (
            _header(request, "X-Shopify-Webhook-Id", _WEBHOOK_ID, fold_case=False)
            if request.header("X-Shopify-Webhook-Id") and topic not in _PRIVACY
            else hashlib.sha256(body).hexdigest()
        )
        triggered_at = parse_moment(request.header("X-Shopify-Triggered-At") or "")
        return WebhookDelivery(
            store_id=_header(request, _DOMAIN, _HOST),
            source=self.source,
            topic=topic,
            key=f"{topic}:{webhook_id}",
            triggered_at=triggered_at if triggered_at is not None and triggered_at.tzinfo else None,
            about_people=topic not in _ABOUT_THINGS or _ABOUT_PEOPLE.search(body) is not None,
            once_for_all=topic in _PRIVACY,
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`."""
        triggered_at = delivery.triggered_at
        match delivery.topic:
            case "inventory_levels/update" | "inventory_levels/connect":
                return read_level(body, triggered_at)
            case "inventory_levels/disconnect":
                return read_no_level(body, triggered_at)
            case "products/update" | "products/create":
                return read_product(body, triggered_at)
            case "products/delete":
                return read_gone(body, triggered_at)
            case "orders/create" | "orders/paid" | "orders/updated" | "orders/cancelled":
                return read_order(body, triggered_at)
            case "checkouts/create" | "checkouts/update":
                return read_checkout(body, triggered_at)
            case "shop/update":
                return read_shop(body, triggered_at)
            case "checkouts/delete":
                return read_no_checkout(body, triggered_at)
            case topic if topic in _PRIVACY:
                return read_privacy(delivery, body)
            case _:
                return NotOurs(delivery.topic)

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """Shopify looks at the status only."""


def sign(body: bytes, key: bytes) -> bytes:
    """What Shopify puts into X-Shopify-Hmac-Sha256: base64 of HMAC-SHA256 of the raw body."""
    return base64.b64encode(hmac.digest(key, body, "sha256"))


def _header(request: WebhookRequest, name: str, form: re.Pattern[str], *, fold_case: bool = True) -> str:
    value = request.header(name) or ""
    if fold_case:
        value = _folded(value)
    if len(value) > LONGEST_DOMAIN or not form.fullmatch(value):
        problem = "is not of the form Shopify uses" if value else "is missing"
        raise DeliveryMalformed(f"The header {name} {problem}; a proxy on the way may have changed it.")
    return value


def _folded(value: str) -> str:
    """Only ASCII is folded: some letters beyond it become ASCII ones, and one store would have two spellings."""
    return value.lower() if value.isascii() else value
