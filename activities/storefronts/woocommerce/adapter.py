"""The storefront adapter for WooCommerce: verifies a webhook and has it read by topic, in the modules beside it.

Source: https://github.com/woocommerce/woocommerce at 00e1bc4, includes/class-wc-webhook.php.
- Before its first delivery a webhook pings its address with an unsigned form, and wants exactly 200.
- A body is made when it is delivered, so it is the state at that moment, and the moment it comes is its time: a
  product's own `date_modified` does not move with its stock (issue 17841).
- Nothing in a delivery names the shop, so the address does: `?store=shop.example`, or `?store=shop.example%2Fde` of one
  in a folder.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote

from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    WebhookAnswer,
    WebhookRequest,
    does_not_fit,
)
from activities.storefronts.woocommerce.orders import read_order_message
from activities.storefronts.woocommerce.products import read_gone, read_product_message
from schemas.incoming.facts import Fact, WebhookDelivery

LONGEST_STORE = 255
"""Characters of a shop's address without https, which is its id."""
_SIGNATURE = "X-WC-Webhook-Signature"
_TOPIC = re.compile(r"[a-z0-9_.]{1,100}")
_DELIVERY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STORE = re.compile(r"([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?)((?:/[A-Za-z0-9._~-]+)*)", re.IGNORECASE)
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_ABOUT_PEOPLE = re.compile(rb'@|"billing"')
"""What tells a message about people, whatever topic its header says: only the body is signed."""
_ENTITY = re.compile(
    r"&(?:amp|#0*38|#[xX]0*26|lt|#0*60|gt|#0*62|quot|#0*34|#[xX]0*22|#0*39|#[xX]0*27);",
)
"""What WordPress's wp_specialchars_decode with ENT_QUOTES takes for a character, and nothing else."""
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}


class WooCommerce:
    """The storefront adapter for WooCommerce. It fulfils `Storefront`. A secret is a webhook's, as it was typed."""

    source: ClassVar[str] = "woocommerce"

    @staticmethod
    def page_url(front_page: str, handle: str, variant_id: str | None) -> str:
        """See `Storefront.page_url`. Products name their page themselves; by default WordPress puts it there."""
        page = f"{front_page}/product/{quote(handle, safe='')}/"
        return f"{page}?variation_id={quote(variant_id, safe='')}" if variant_id else page

    def greet(self, request: WebhookRequest) -> WebhookAnswer | None:
        """See `Storefront.greet`: the ping."""
        signed = request.header(_SIGNATURE) is not None
        return WebhookAnswer() if not signed and _PING.fullmatch(request.body) else None

    def store_named(self, request: WebhookRequest) -> str | None:
        """See `Storefront.store_named`: `store` in the address, which is the shop's without https."""
        return store_at(request.query.get("store", ""))

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> WebhookDelivery:
        """See `Storefront.verify`. WooCommerce signs the body only; topic and delivery come from headers.

        Delivery ids are made of the second, so two of one webhook may have the same; their bodies have not.
        """
        claimed = (request.header(_SIGNATURE) or "").encode("utf-8", "surrogatepass")
        keys = [key for secret in secrets if secret.strip() for key in (secret, entities_decoded(secret))]
        fitting = [hmac.compare_digest(sign(request.body, key), claimed) for key in keys]
        if not any(fitting):
            raise does_not_fit(_SIGNATURE)
        if (store := self.store_named(request)) is None:
            raise DeliveryMalformed("The address lacks its shop's, as in ?store=shop.example.")
        topic = _header(request, "X-WC-Webhook-Topic", _TOPIC)
        delivery_id = _header(request, "X-WC-Webhook-Delivery-ID", _DELIVERY_ID)
        return WebhookDelivery(
            store_id=store,
            source=self.source,
            topic=topic,
            key=f"{topic}:{delivery_id}:{hashlib.sha256(request.body).hexdigest()[:32]}",
            triggered_at=request.at,
            about_people=not topic.startswith("product.") or _ABOUT_PEOPLE.search(request.body) is not None,
        )

    def read(self, delivery: WebhookDelivery, body: bytes) -> tuple[Fact, ...] | NotOurs:
        """See `Storefront.read`."""
        at = delivery.triggered_at
        if at is None:
            raise PayloadMalformed("$", "when this came is not known")
        match delivery.topic:
            case "product.created" | "product.updated" | "product.restored":
                return read_product_message(body, at)
            case "product.deleted":
                return read_gone(body, at)
            case "order.created" | "order.updated" | "order.restored":
                return read_order_message(body, at)
            case _:
                return NotOurs(delivery.topic)

    def answer(self, delivery: WebhookDelivery) -> WebhookAnswer | None:
        """WooCommerce looks at the status only."""


def store_at(address: str) -> str | None:
    """The id of the shop at an address without https; None: it is none. Hosts have no large letters, folders may."""
    found = _STORE.fullmatch(address.rstrip("/")) if address.isascii() and len(address) <= LONGEST_STORE else None
    return None if found is None else found[1].lower() + found[2]


def sign(body: bytes, key: str) -> bytes:
    """What WooCommerce puts into X-WC-Webhook-Signature: base64 of HMAC-SHA256 of the raw body."""
    return base64.b64encode(hmac.digest(key.encode("utf-8", "surrogatepass"), body, "sha256"))


def entities_decoded(secret: str) -> str:
    """A secret as WooCommerce signs with it: entities of & < > \" ' that somebody typed are these characters."""
    return _ENTITY.sub(lambda found: _character(found[0][1:-1]), secret)


def _character(entity: str) -> str:
    if entity in _CHARACTERS:
        return _CHARACTERS[entity]
    digits = entity[1:].lower()
    return chr(int(digits[1:], 16) if digits.startswith("x") else int(digits))


def _header(request: WebhookRequest, name: str, form: re.Pattern[str]) -> str:
    value = request.header(name) or ""
    if not form.fullmatch(value):
        problem = "is not of the form WooCommerce uses" if value else "is missing"
        raise DeliveryMalformed(f"The header {name} {problem}; a proxy on the way may have changed it.")
    return value
