"""Who may speak for a store, and which delivery of it this is."""

import base64
import contextlib
import hashlib
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.shopify.adapter import Shopify
from activities.storefronts.storefront import DeliveryMalformed, SignatureWrong, WebhookRequest
from tests.storefronts.shop import SECRET, SHOP, headers, signature, verified

BODY = b'{"id":788032119674292922}'
TOPIC = "products/delete"


@pytest.mark.parametrize(
    ("key", "body", "expected"),
    [
        # RFC 4231, test cases 2 and 4 (HMAC-SHA-256); Shopify writes the digest in base64.
        ("Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "".join(map(chr, range(1, 26))),
            b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
    ],
)
def test_published_vectors_are_accepted(key: str, body: bytes, expected: str) -> None:
    sent = headers(body, TOPIC, hmac_sha256=base64.b64encode(bytes.fromhex(expected)).decode())
    assert verified(body, sent, key).store_id == SHOP


def test_a_signed_delivery_says_whose_and_which_it_is() -> None:
    delivery = verified(BODY, headers(BODY, TOPIC))
    assert (delivery.store_id, delivery.source, delivery.topic) == (SHOP, "shopify", TOPIC)
    assert delivery.key == f"{TOPIC}:b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"


@given(place=st.integers(0, len(BODY) * 8 - 1))
def test_any_changed_bit_of_the_body_is_refused(place: int) -> None:
    changed = bytearray(BODY)
    changed[place // 8] ^= 1 << place % 8
    with pytest.raises(SignatureWrong):
        verified(bytes(changed), headers(BODY, TOPIC))


@given(body=st.binary(max_size=200))
def test_any_other_body_is_refused(body: bytes) -> None:
    if body != BODY:
        with pytest.raises(SignatureWrong):
            verified(body, headers(BODY, TOPIC))


_ANY_TEXT = st.text(st.characters(codec=None), max_size=60)


@given(claimed=_ANY_TEXT | st.sampled_from(["", " ", "=", signature(BODY).lower(), signature(BODY)[:-1]]))
def test_any_other_signature_is_refused(claimed: str) -> None:
    with pytest.raises(SignatureWrong) as refused:
        verified(BODY, headers(BODY, TOPIC, hmac_sha256=claimed))
    assert SECRET not in str(refused.value)


@given(place=st.integers(0, 43), letter=st.characters(codec="ascii"))
def test_any_changed_letter_of_the_signature_is_refused(place: int, letter: str) -> None:
    right = signature(BODY)
    changed = right[:place] + letter + right[place + 1 :]
    if changed != right:
        with pytest.raises(SignatureWrong):
            verified(BODY, headers(BODY, TOPIC, hmac_sha256=changed))


def test_a_delivery_without_a_signature_is_refused() -> None:
    with pytest.raises(SignatureWrong):
        verified(BODY, headers(BODY, TOPIC, hmac_sha256=None))


def test_the_signature_is_judged_before_anything_else() -> None:
    with pytest.raises(SignatureWrong):
        verified(b"\xff not JSON", {"X-Shopify-Hmac-Sha256": signature(BODY)})


def test_while_a_secret_is_rotated_the_old_and_the_new_both_count() -> None:
    rotating = ("the new one", SECRET)
    for secret in rotating:
        assert verified(BODY, headers(BODY, TOPIC, secret=secret), *rotating).topic == TOPIC
    with pytest.raises(SignatureWrong):
        verified(BODY, headers(BODY, TOPIC, secret="one of long ago"), *rotating)


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact", "customers/data_request"])
def test_a_privacy_message_is_known_by_its_signed_body_whatever_its_unsigned_id(topic: str) -> None:
    first, again = (verified(BODY, headers(BODY, topic, webhook_id=name)) for name in ("a", "b"))
    assert first.key == again.key
    assert first.once_for_all
    assert not verified(BODY, headers(BODY, TOPIC)).once_for_all


@pytest.mark.parametrize("secrets", [(), ("",), (" ",)])
def test_without_a_secret_every_webhook_is_refused(secrets: tuple[str, ...]) -> None:
    for secret in (SECRET, *secrets):
        with pytest.raises(SignatureWrong, match="not connected"):
            Shopify().verify(WebhookRequest(BODY, headers(BODY, TOPIC, secret=secret)), secrets)


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_header_names_may_have_any_case(change: Callable[[str], str]) -> None:
    sent: Mapping[str, str] = {change(name): value for name, value in headers(BODY, TOPIC).items()}
    assert verified(BODY, sent) == verified(BODY, headers(BODY, TOPIC))


def test_without_a_webhook_id_the_same_body_is_the_same_delivery() -> None:
    delivery = verified(BODY, headers(BODY, TOPIC, webhook_id=None))
    assert delivery.key == f"{TOPIC}:{hashlib.sha256(BODY).hexdigest()}"


@pytest.mark.parametrize(
    ("given_domain", "store"),
    [("Example.MyShopify.com", SHOP), ("shop.example.co.uk", "shop.example.co.uk"), ("a-1.myshopify.com",) * 2],
)
def test_a_store_is_its_domain_in_lower_case(given_domain: str, store: str) -> None:
    sent = headers(BODY, TOPIC, shop_domain=given_domain)
    assert Shopify().store_named(WebhookRequest(BODY, sent)) == verified(BODY, sent).store_id == store


@pytest.mark.parametrize(
    "domain",
    [
        None,
        "",
        "localhost",
        "{shop}.myshopify.com",
        "example.myshopify.com/admin",
        "example.myshopify.com:443",
        "-example.myshopify.com",
        "example..com",
        "example.myshopify.com\n",
        "10.0.0.1",
        "\u212a.example.com",
        ".".join(["a" * 60] * 5) + ".com",
    ],
)
def test_a_store_that_is_no_domain_is_malformed(domain: str | None) -> None:
    sent = headers(BODY, TOPIC, shop_domain=domain)
    assert Shopify().store_named(WebhookRequest(BODY, sent)) is None
    with pytest.raises(DeliveryMalformed, match="X-Shopify-Shop-Domain"):
        verified(BODY, sent)


@pytest.mark.parametrize("topic", ["", "products update", "products/\u00fcpdate", "p" * 101])
def test_a_topic_of_another_form_is_malformed(topic: str) -> None:
    with pytest.raises(DeliveryMalformed, match="X-Shopify-Topic"):
        verified(BODY, headers(BODY, topic))


def test_a_missing_topic_is_malformed() -> None:
    with pytest.raises(DeliveryMalformed, match="X-Shopify-Topic is missing"):
        verified(BODY, {name: value for name, value in headers(BODY, TOPIC).items() if name != "X-Shopify-Topic"})


@given(topic=_ANY_TEXT, domain=_ANY_TEXT, webhook=_ANY_TEXT, triggered=_ANY_TEXT)
def test_any_headers_under_a_right_signature_are_read_or_malformed(
    topic: str, domain: str, webhook: str, triggered: str
) -> None:
    sent = headers(BODY, topic, shop_domain=domain, webhook_id=webhook, triggered_at=triggered)
    with contextlib.suppress(DeliveryMalformed):
        assert verified(BODY, sent).store_id == Shopify().store_named(WebhookRequest(BODY, sent))
