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
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self
from urllib.parse import quote

from activities.storefronts.payload import parse_moment
from activities.storefronts.shopify.people import read_checkout, read_no_checkout, read_order, read_privacy
from activities.storefronts.shopify.things import read_gone, read_level, read_no_level, read_product, read_shop
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    SignatureWrong,
    WebhookAnswer,
    WebhookRequest,
)
from schemas.incoming.facts import Fact, WebhookDelivery
from schemas.settings import Settings

LONGEST_DOMAIN = 255
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

    Args:
        secrets: each shop with a client secret that is good for it now, from SHELFTALK_SHOPIFY_SECRETS; more than
            one of a shop while a secret is being rotated. With none, every webhook is refused.

    Raises:
        ValueError: a secret is empty, and anyone could sign with it; or a shop is no domain.
    """

    source: ClassVar[str] = "shopify"

    def __init__(self, secrets: Sequence[tuple[str, str]]) -> None:
        for shop, secret in secrets:
            if not secret.strip():
                raise ValueError(
                    "SHELFTALK_SHOPIFY_SECRETS holds an empty secret: remove it, or put the client secret there"
                )
            if not _HOST.fullmatch(shop):
                raise ValueError(
                    "SHELFTALK_SHOPIFY_SECRETS names a shop that is no domain: write it like example.myshopify.com"
                )
        self._keys = tuple((shop, secret.encode()) for shop, secret in secrets)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """See `Storefront.from_settings`."""
        return cls([(shop, secret.get_secret_value()) for shop, secret in settings.shopify_secrets])

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`."""
        page = f"{front_page}/products/{quote(handle, safe='')}"
        return f"{page}?variant={quote(variant_id, safe='')}" if variant_id else page

    @property
    def missing_setting(self) -> str | None:
        """See `Storefront.missing_setting`."""
        return None if self._keys else "SHELFTALK_SHOPIFY_SECRETS"

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Shopify sends only deliveries."""

    def verify(self, body: bytes, headers: Mapping[str, str]) -> WebhookDelivery:
        """See `Storefront.verify`. Shopify signs the body only; store, topic and webhook id come from headers.

        A secret is good for its own shop. And a privacy message is known by its signed body, so that under another id
        it is still the same one.
        """
        given = {name.lower(): value for name, value in headers.items()}
        self._check_signature(body, given.get("x-shopify-hmac-sha256", ""), given.get("x-shopify-shop-domain", ""))
        topic = _header(given, "X-Shopify-Topic", _TOPIC)
        webhook_id = (
            _header(given, "X-Shopify-Webhook-Id", _WEBHOOK_ID, fold_case=False)
            if given.get("x-shopify-webhook-id") and topic not in _PRIVACY
            else hashlib.sha256(body).hexdigest()
        )
        triggered_at = parse_moment(given.get("x-shopify-triggered-at", ""))
        return WebhookDelivery(
            store_id=_header(given, "X-Shopify-Shop-Domain", _HOST),
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

    def _check_signature(self, body: bytes, signature: str, domain: str) -> None:
        if not self._keys:
            raise SignatureWrong(
                "No Shopify secret is configured, so no webhook can be trusted: set SHELFTALK_SHOPIFY_SECRETS to the "
                "shop and the app's client secret, example.myshopify.com=SECRET, and restart."
            )
        claimed = signature.encode("utf-8", "surrogatepass")
        # Every key is tried, also after a match, so that the time taken does not tell which one it was.
        signers = {shop for shop, key in self._keys if hmac.compare_digest(sign(body, key), claimed)}
        if not signers:
            raise SignatureWrong(
                "X-Shopify-Hmac-Sha256 does not fit the body: the sender's client secret is not among those in "
                "SHELFTALK_SHOPIFY_SECRETS, or something on the way changed the body."
            )
        shop = _folded(domain)
        # One that names no shop at all is genuine as far as it goes, and told what it lacks.
        if len(shop) <= LONGEST_DOMAIN and _HOST.fullmatch(shop) and shop not in signers:
            raise SignatureWrong(
                "X-Shopify-Shop-Domain names another shop than the secret that signed this is for: every secret in "
                "SHELFTALK_SHOPIFY_SECRETS is good for its own shop only."
            )


def sign(body: bytes, key: bytes) -> bytes:
    """What Shopify puts into X-Shopify-Hmac-Sha256: base64 of HMAC-SHA256 of the raw body."""
    return base64.b64encode(hmac.digest(key, body, "sha256"))


def _header(given: Mapping[str, str], name: str, form: re.Pattern[str], *, fold_case: bool = True) -> str:
    value = given.get(name.lower(), "")
    if fold_case:
        value = _folded(value)
    if len(value) > LONGEST_DOMAIN or not form.fullmatch(value):
        problem = "is not of the form Shopify uses" if value else "is missing"
        raise DeliveryMalformed(f"The header {name} {problem}; a proxy on the way may have changed it.")
    return value


def _folded(value: str) -> str:
    """Only ASCII is folded: some letters beyond it become ASCII ones, and one store would have two spellings."""
    return value.lower() if value.isascii() else value
