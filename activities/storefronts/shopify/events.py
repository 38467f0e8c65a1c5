"""Shopify's Events: deliveries of the newer kind, whose headers have no `X-`, in storefront facts.

Source: https://shopify.dev/docs/apps/build/events/delivery-structure (API 2026-10, generally available since
2026-10-01). A delivery says which fields changed, and has in `data` what the subscription's own query asked for: so of
a price both the price and which variant it is of come at once. docs/storefronts/shopify.md has the subscription that
is read here. Topic and action are read from the body, which is signed; the headers are not.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, cast

from pydantic import BeforeValidator

from activities.storefronts.payload import Payload, PlainText, read_payload
from activities.storefronts.shopify.fields import known, observed
from activities.storefronts.shopify.objects import Product, ProductGid, Variant, product_fact
from activities.storefronts.storefront import NotOurs, PayloadMalformed
from schemas.incoming.facts import Fact, ProductGoneFact

TOPIC = "events/"
"""What the topics of these deliveries begin with here, so that none is taken for one of the classic kind."""
PRODUCT_TOPIC = "Product"


def _nodes(value: object) -> object:
    """A connection's objects, in whichever of its two forms the query asked for them."""
    if not isinstance(value, dict):
        return value
    connection = cast("dict[str, object]", value)
    edges = connection.get("edges")
    if isinstance(edges, list):
        each = cast("list[object]", edges)
        return [cast("dict[str, object]", edge).get("node") if isinstance(edge, dict) else edge for edge in each]
    return connection.get("nodes", ())


class _ShownProduct(Product):
    variants: Annotated[tuple[Variant, ...], BeforeValidator(_nodes)] = ()


class _Data(Payload):
    product: _ShownProduct | None = None
    productVariant: Variant | None = None  # noqa: N815 - Shopify's name


class _Variables(Payload):
    productId: ProductGid = None  # noqa: N815 - Shopify's name


class _Delivery(Payload):
    topic: PlainText
    action: PlainText
    query_variables: _Variables = _Variables()
    data: _Data | None = None


class _Kind(Payload):
    topic: PlainText
    action: PlainText


def topic_of(topic: str, action: str | None) -> str:
    """What a delivery's topic is called here, as its headers say it."""
    return f"{TOPIC}{topic}/{action}" if action else f"{TOPIC}{topic}"


def read_event(body: bytes, topic: str, triggered_at: datetime | None) -> tuple[Fact, ...] | NotOurs:
    """A delivery about a product. Others, and one whose subscription has no query, tell nothing that could be kept."""
    kind = read_payload(body, _Kind)
    if kind.topic != PRODUCT_TOPIC or kind.action not in ("create", "update", "delete"):
        return NotOurs(topic)
    event = read_payload(body, _Delivery)
    if event.action == "delete":
        gone = known(event.query_variables.productId, "$.query_variables.productId")
        return (ProductGoneFact(product_id=gone, observed_at=triggered_at),)
    if event.data is None or event.data.product is None:
        return NotOurs(topic)
    product = event.data.product
    variants = _each_once(product.variants, event.data.productVariant)
    # What is in `data` was asked for after the change, so it is no older than the product's own time.
    return (product_fact(product, variants, observed(product.updatedAt, triggered_at)),)


def _each_once(listed: Sequence[Variant], single: Variant | None) -> tuple[Variant, ...]:
    shown: dict[str, Variant] = {}
    for place, variant in enumerate((*listed, *([single] if single else ()))):
        variant_id = known(variant.id, f"$.data.variants[{place}].id")
        if variant_id in shown and variant is not single:
            raise PayloadMalformed(f"$.data.variants[{place}].id", "an earlier variant has the same id")
        shown[variant_id] = variant
    return tuple(shown.values())
