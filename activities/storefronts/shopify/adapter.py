"""Shopify's webhooks: their signature, and what inventory and product topics say in storefront facts.

Orders, checkouts and privacy: shopify_people.py.

Source: https://shopify.dev/docs/api/webhooks, Admin API versions 2023-01 to 2025-10. What differs between them and
matters here:
- 2024-10 dropped a variant's `inventory_management`: since then the message does not say whether units are counted.
- `variants` shows the first 100; newer versions list all of them in `variant_gids`.
- 2025-10 added the status `unlisted` (open to who has the link); older versions say `active` of such a product.
- Ids are JSON numbers that some programs on the way round (beyond 2^53); `admin_graphql_api_id` is text and is not.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from activities.storefronts.payload import (
    Count,
    Moment,
    NumericId,
    Payload,
    PlainText,
    Price,
    parse_moment,
    read_payload,
)
from activities.storefronts.shopify.fields import gid, known, observed
from activities.storefronts.shopify.people import read_checkout, read_order, read_privacy
from activities.storefronts.storefront import DeliveryMalformed, NotOurs, PayloadMalformed, SignatureWrong
from schemas.facts import Fact, Policy, ProductFact, ProductGoneFact, StockFact, VariantFact, WebhookDelivery

VARIANTS_SHOWN = 100
"""How many variants a product message shows at most (Shopify's limit)."""
LONGEST_TEXT = 1000
"""Characters of a text that a fact keeps."""

ONLY_VARIANT = "Default Title"
"""What Shopify calls the variant of a product without options; no shopper should read it."""

_ABOUT_THINGS = ("products/", "inventory_levels/")
"""Messages of any other topic may hold names and addresses."""
_TOPIC = re.compile(r"[a-z0-9_./-]{1,100}")
_WEBHOOK_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class Shopify:
    """The storefront adapter for Shopify. It fulfils `Storefront`.

    Args:
        secrets: every client secret that is good now, from SHELFTALK_SHOPIFY_SECRETS; more than one while a secret
            is being rotated. With none, every webhook is refused.

    Raises:
        ValueError: a secret is empty; anyone could sign with it.
    """

    source = "shopify"

    def __init__(self, secrets: tuple[str, ...]) -> None:
        if not all(secret.strip() for secret in secrets):
            raise ValueError(
                "SHELFTALK_SHOPIFY_SECRETS holds an empty secret: remove it, or put the client secret there"
            )
        self._keys = tuple(secret.encode() for secret in secrets)

    def verify(self, body: bytes, headers: Mapping[str, str]) -> WebhookDelivery:
        """See `Storefront.verify`. Shopify signs the body only; store, topic and webhook id come from headers."""
        given = {name.lower(): value for name, value in headers.items()}
        self._check_signature(body, given.get("x-shopify-hmac-sha256", ""))
        topic = _header(given, "X-Shopify-Topic", _TOPIC)
        webhook_id = (
            _header(given, "X-Shopify-Webhook-Id", _WEBHOOK_ID, fold_case=False)
            if given.get("x-shopify-webhook-id")
            else hashlib.sha256(body).hexdigest()
        )
        triggered_at = parse_moment(given.get("x-shopify-triggered-at", ""))
        return WebhookDelivery(
            store_id=_header(given, "X-Shopify-Shop-Domain", _HOST),
            source=self.source,
            topic=topic,
            key=f"{topic}:{webhook_id}",
            triggered_at=triggered_at if triggered_at is not None and triggered_at.tzinfo else None,
            about_people=not topic.startswith(_ABOUT_THINGS),
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`."""
        triggered_at = delivery.triggered_at
        match delivery.topic:
            case "inventory_levels/update" | "inventory_levels/connect":
                level = read_payload(body, _CountedLevel)
                return (_stock(level, level.available, triggered_at),)
            case "inventory_levels/disconnect":
                return (_stock(read_payload(body, _Level), 0, triggered_at),)
            case "products/update" | "products/create":
                return (_product(read_payload(body, _Product), triggered_at),)
            case "products/delete":
                gone = read_payload(body, _Gone)
                return (ProductGoneFact(product_id=known(gone.id, "$.id"), observed_at=triggered_at),)
            case "orders/create" | "orders/paid" | "orders/updated" | "orders/cancelled":
                return read_order(body, triggered_at)
            case "checkouts/create" | "checkouts/update":
                return read_checkout(body, triggered_at)
            case "customers/redact" | "shop/redact" | "customers/data_request":
                return read_privacy(delivery, body)
            case _:
                return NotOurs(delivery.topic)

    def _check_signature(self, body: bytes, signature: str) -> None:
        if not self._keys:
            raise SignatureWrong(
                "No Shopify secret is configured, so no webhook can be trusted: set SHELFTALK_SHOPIFY_SECRETS to the "
                "app's client secret and restart."
            )
        claimed = signature.encode("utf-8", "surrogatepass")
        # Every key is tried, also after a match, so that the time taken does not tell which one it was.
        matches = [hmac.compare_digest(sign(body, key), claimed) for key in self._keys]
        if not any(matches):
            raise SignatureWrong(
                "X-Shopify-Hmac-Sha256 does not fit the body: the sender's client secret is not among those in "
                "SHELFTALK_SHOPIFY_SECRETS, or something on the way changed the body."
            )


def sign(body: bytes, key: bytes) -> bytes:
    """What Shopify puts into X-Shopify-Hmac-Sha256: base64 of HMAC-SHA256 of the raw body."""
    return base64.b64encode(hmac.digest(key, body, "sha256"))


def _header(given: Mapping[str, str], name: str, form: re.Pattern[str], *, fold_case: bool = True) -> str:
    value = given.get(name.lower(), "")
    # Only ASCII is folded: some letters beyond it become ASCII ones, and one store would have two spellings.
    if fold_case and value.isascii():
        value = value.lower()
    if len(value) > 255 or not form.fullmatch(value):
        problem = "is not of the form Shopify uses" if value else "is missing"
        raise DeliveryMalformed(f"The header {name} {problem}; a proxy on the way may have changed it.")
    return value


_ProductGid = Annotated[str | None, gid(r"Product/([1-9][0-9]{0,19})")]
_VariantGid = Annotated[str | None, gid(r"ProductVariant/([1-9][0-9]{0,19})")]
# The first number is the level's own and often not the location's, so only the item is read from it.
_LevelItemGid = Annotated[str | None, gid(r"InventoryLevel/[0-9]+\?inventory_item_id=([1-9][0-9]{0,19})")]


class _Level(Payload):
    inventory_item_id: NumericId = None
    location_id: NumericId = None
    admin_graphql_api_id: _LevelItemGid = None
    updated_at: Moment = None


class _CountedLevel(_Level):
    available: Count


class _Variant(Payload):
    id: NumericId = None
    admin_graphql_api_id: _VariantGid = None
    inventory_item_id: NumericId = None
    title: PlainText = None
    sku: PlainText = None
    price: Price = None
    inventory_policy: Policy | None = None
    inventory_management: PlainText = None
    inventory_quantity: Count = None


class _VariantName(Payload):
    admin_graphql_api_id: _VariantGid


class _Image(Payload):
    src: PlainText = None


class _Product(Payload):
    id: NumericId = None
    admin_graphql_api_id: _ProductGid = None
    title: PlainText
    handle: PlainText = None
    vendor: PlainText = None
    tags: PlainText = None
    status: PlainText = None
    published_at: Moment
    updated_at: Moment = None
    image: _Image | None = None
    variants: tuple[_Variant, ...] | None = None
    variant_gids: tuple[_VariantName, ...] | None = None


class _Gone(Payload):
    id: NumericId = None


def _stock(level: _Level, available: int | None, triggered_at: datetime | None) -> StockFact:
    return StockFact(
        inventory_item_id=known(level.admin_graphql_api_id or level.inventory_item_id, "$.inventory_item_id"),
        location_id=known(level.location_id, "$.location_id"),
        available=available,
        observed_at=observed(level.updated_at, triggered_at),
    )


def _product(product: _Product, triggered_at: datetime | None) -> ProductFact:
    if not product.title:
        raise PayloadMalformed(
            "$.title",
            "a product has a title; is the subscription narrowed by include_fields?",
        )
    variants = tuple(_variant(variant, f"$.variants[{place}]") for place, variant in enumerate(product.variants or ()))
    shown: set[str] = set()
    for place, variant in enumerate(variants):
        if variant.variant_id in shown:
            # Two variants under one id are two whose ids something on the way rounded: which is which is lost.
            raise PayloadMalformed(f"$.variants[{place}].id", "an earlier variant has the same id")
        shown.add(variant.variant_id)
    return ProductFact(
        product_id=known(product.admin_graphql_api_id or product.id, "$.id"),
        title=product.title[:LONGEST_TEXT],
        handle=_whole(product.handle),
        image_url=_web_address(product.image),
        vendor=(product.vendor or "")[:LONGEST_TEXT] or None,
        tags=_tags(product),
        on_sale=product.status in (None, "active", "unlisted") and product.published_at is not None,
        variants=variants,
        all_variant_ids=_all_variant_ids(product, shown),
        observed_at=observed(product.updated_at, triggered_at),
    )


def _tags(product: _Product) -> tuple[str, ...] | None:
    """Shopify writes them in one text, with commas between; none at all is an answer, a missing field is not."""
    if "tags" not in product.model_fields_set:
        return None
    return tuple(tag.strip()[:LONGEST_TEXT] for tag in (product.tags or "").split(",") if tag.strip())


def _variant(variant: _Variant, path: str) -> VariantFact:
    # Present and null (in some versions blank) is an answer, "not counted"; absent is none.
    says = "inventory_management" in variant.model_fields_set
    tracked = bool(variant.inventory_management) if says else None
    return VariantFact(
        variant_id=known(variant.admin_graphql_api_id or variant.id, f"{path}.id"),
        inventory_item_id=variant.inventory_item_id,
        title="" if variant.title == ONLY_VARIANT else (variant.title or "")[:LONGEST_TEXT],
        sku=(variant.sku or "")[:LONGEST_TEXT] or None,
        price=variant.price,
        policy=variant.inventory_policy or Policy.DENY,
        tracked=tracked,
        quantity=None if tracked is False else variant.inventory_quantity,
    )


def _all_variant_ids(product: _Product, shown: set[str]) -> frozenset[str] | None:
    """A product always has a variant, so an empty list means that the message leaves them out."""
    if product.variant_gids:
        named = [name.admin_graphql_api_id for name in product.variant_gids]
        return frozenset(shown).union(name for name in named if name) if all(named) else None
    return frozenset(shown) if 0 < len(shown) < VARIANTS_SHOWN else None


def _whole(text: str | None) -> str | None:
    """A handle or an address that was cut would lead elsewhere, so one that is too long is left out."""
    return text if text and len(text) <= LONGEST_TEXT else None


def _web_address(image: _Image | None) -> str | None:
    # It ends in messages: only what a mail program may load goes on.
    src = _whole(image.src) if image else None
    return src if src and src.startswith(("https://", "http://")) else None
