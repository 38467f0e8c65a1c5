"""What other tools' templates call the things that ours have: Liquid as shops write it, and Klaviyo's Django."""

import re
from collections.abc import Collection

_EXACT = {
    "shop.name": "shop.name",
    "shop.url": "shop.url",
    "organization.name": "shop.name",
    "organization.url": "shop.url",
    "product.title": "product.title",
    "product.name": "product.title",
    "product.url": "product.url",
    "product.featured_image": "product.image_url",
    "product.image": "product.image_url",
    "product.price": "variant.price",
    "variant.title": "variant.title",
    "variant.sku": "variant.sku",
    "variant.price": "variant.price",
    "variant.inventory_quantity": "variant.units",
    "catalog_item.title": "product.title",
    "catalog_item.url": "product.url",
    "catalog_item.image": "product.image_url",
    "catalog_item.featured_image.full.src": "product.image_url",
    "catalog_item.featured_image.thumbnail.src": "product.image_url",
    "catalog_item.price": "variant.price",
    "catalog_item.metadata.price": "variant.price",
    "catalog_item.variant.title": "variant.title",
    "catalog_item.variant.price": "variant.price",
    "catalog_item.variant.sku": "variant.sku",
    "catalog_item.variant.inventory_quantity": "variant.units",
    "event.productname": "product.title",
    "event.product_name": "product.title",
    "event.product name": "product.title",
    "event.title": "product.title",
    "event.variantname": "variant.title",
    "event.variant_name": "variant.title",
    "event.variant name": "variant.title",
    "event.sku": "variant.sku",
    "event.price": "variant.price",
    "event.imageurl": "product.image_url",
    "event.image_url": "product.image_url",
    "event.url": "product.url",
    "event.producturl": "product.url",
    "unsubscribe_url": "links.unsubscribe",
    "unsubscribe_link": "links.unsubscribe",
    "manage_preferences_url": "links.page",
    "manage_preferences_link": "links.page",
    "coupon": "coupon.code",
    "coupon_code": "coupon.code",
    "first_name": "contact.attributes.first_name",
    "last_name": "contact.attributes.last_name",
}
_LISTS = {
    "items",
    "line_items",
    "subtotal_line_items",
    "cart.items",
    "cart.line_items",
    "checkout.line_items",
    "order.line_items",
    "event.items",
    "event.extra.line_items",
    "event.extra.items",
}
_OF_AN_ITEM = {
    "title": "title",
    "name": "title",
    "product.title": "title",
    "product.name": "title",
    "url": "url",
    "product.url": "url",
    "image": "image_url",
    "image_url": "image_url",
    "product.featured_image": "image_url",
    "product.image": "image_url",
    "product.images.0.src": "image_url",
    "product.variant.images.0.src": "image_url",
    "price": "price",
    "final_price": "price",
    "product.price": "price",
    "quantity": "quantity",
}
_PEOPLE = ("customer.", "person.", "contact.attributes.", "recipient.")
_PART = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def our_name(name: str, loops: Collection[str]) -> str | None:
    """What ours is called; None where there is no such thing.

    Args:
        loops: the names that loops around it give to each item.
    """
    first, _, rest = name.partition(".")
    if first in loops:
        part = _OF_AN_ITEM.get(rest)
        return None if part is None else f"{first}.{part}"
    if (known := _EXACT.get(name.lower())) is not None:
        return known
    for people in _PEOPLE:
        own = name.removeprefix(people)
        if own != name:
            own = own.replace(" ", "_")
            return f"contact.attributes.{own}" if _PART.fullmatch(own) else None
    if first == "event" and _PART.fullmatch(rest.replace(" ", "_")):
        return f"event.{rest.replace(' ', '_')}"
    return None


def is_our_list(name: str) -> bool:
    """Whether it is what was in the cart, checkout or order."""
    return name.lower() in _LISTS


FILTERS = {
    "upcase": "upper",
    "upper": "upper",
    "downcase": "lower",
    "lower": "lower",
    "capitalize": "capitalize",
    "capfirst": "capitalize",
    "title": "title",
    "strip": "trim",
    "trim": "trim",
    "strip_html": "striptags",
    "striptags": "striptags",
    "escape": "escape",
    "escape_once": "escape",
    "force_escape": "escape",
    "url_encode": "urlencode",
    "urlencode": "urlencode",
    "money": "money",
    "money_with_currency": "money",
    "currency_format": "money",
    "intcomma": "number",
    "money_without_currency": "number(2)",
}
"""Filters without arguments, or whose arguments mean nothing here."""
LOST_IN_TRANSLATION = {
    "img_url": "pictures come in the size that the shop has them in",
    "image_url": "pictures come in the size that the shop has them in",
    "missing_product_image": "ask with {% if product.image_url %} … {% endif %}",
}
"""Filters that are left out, and why that is no loss."""
