"""The storefront adapter for Shopify: verifies a webhook and has it read by topic, in the modules beside it.

Source: https://shopify.dev/docs/api/webhooks, Admin API versions 2023-01 to 2026-10. What differs between them and
matters here:
- 2024-10 dropped a variant's `inventory_management`: since then the message does not tell whether units are counted.
- `variants` shows the first 100; newer versions list all of them in `variant_gids`.
- 2025-10 added the status `unlisted` (visible by its link only); older versions call such a product `active`.
- 2026-04 dropped the `id` of checkouts, which are known by their `token`.
- 2026-10 has Events beside them, to the same address: their headers have no `X-` (events.py).
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
from activities.storefronts.shopify.events import TOPIC, read_event, topic_of
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
_CLASSIC, _EVENTS = "X-Shopify-", "Shopify-"
"""What the names of headers begin with."""
_SIGNATURE, _DOMAIN, _WEBHOOK = "Hmac-Sha256", "Shop-Domain", "Webhook-Id"
_ABOUT_THINGS = frozenset(
    {
        *("inventory_levels/update", "inventory_levels/connect", "inventory_levels/disconnect"),
        *("products/update", "products/create", "products/delete"),
    }
)
"""Messages of any other topic may hold names and addresses."""
_ABOUT_PEOPLE = re.compile(
    rb'@|"(customer|email|contact_email|phone|first_?[nN]ame|last_?[nN]ame'
    rb'|(billing_?|shipping_?|default_?)?[aA]ddress[12]?)"\s*:'
)
"""What tells a message about people, whatever topic its header says: only the body is signed."""
_PRIVACY = ("customers/redact", "shop/redact", "customers/data_request")
_TOPIC = re.compile(r"[a-z0-9_./-]{1,100}")
_ACTION = re.compile(r"[a-z_]{1,40}")
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
        domain = _folded(request.header(_family(request) + _DOMAIN) or "")
        return domain if len(domain) <= LONGEST_DOMAIN and _HOST.fullmatch(domain) else None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`. Shopify signs the body only; store, topic and webhook id come from headers.

        A privacy message is known by its signed body, so that under another id it is still the same one.
        """
        family, body = _family(request), request.body
        claimed = (request.header(family + _SIGNATURE) or "").encode("utf-8", "surrogatepass")
        fitting = [hmac.compare_digest(sign(body, secret.encode()), claimed) for secret in secrets if secret.strip()]
        if not any(fitting):
            raise does_not_fit(family + _SIGNATURE)
        topic = _header(request, f"{family}Topic", _TOPIC)
        if family == _EVENTS:
            action = request.header(f"{family}Action") and _header(request, f"{family}Action", _ACTION)
            topic = topic_of(topic, action or None)
        webhook_id = (
            _header(request, family + _WEBHOOK, _WEBHOOK_ID, fold_case=False)
            if request.header(family + _WEBHOOK) and topic not in _PRIVACY
            else hashlib.sha256(body).hexdigest()
        )
        triggered_at = parse_moment(request.header(f"{family}Triggered-At") or "")
        return WebhookDelivery(
            store_id=_header(request, family + _DOMAIN, _HOST),
            source=self.source,
            topic=topic,
            key=f"{topic}:{webhook_id}",
            triggered_at=triggered_at if triggered_at is not None and triggered_at.tzinfo else None,
            about_people=not _about_things(topic) or _ABOUT_PEOPLE.search(body) is not None,
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
            case topic if topic.startswith(TOPIC):
                return read_event(body, topic, triggered_at)
            case _:
                return NotOurs(delivery.topic)

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """Shopify looks at the status only."""


def sign(body: bytes, key: bytes) -> bytes:
    """What Shopify puts into X-Shopify-Hmac-Sha256: base64 of HMAC-SHA256 of the raw body."""
    return base64.b64encode(hmac.digest(key, body, "sha256"))


def _family(request: WebhookRequest) -> str:
    """How the names of its headers begin. Events had both kinds for a while, and both agree."""
    return _EVENTS if request.header(_EVENTS + _SIGNATURE) else _CLASSIC


def _about_things(topic: str) -> bool:
    return topic in _ABOUT_THINGS or topic.startswith((f"{TOPIC}product/", f"{TOPIC}inventoryitem/"))


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
