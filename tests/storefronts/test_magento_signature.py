"""Whom Magento's adapter believes: Adobe's keys only with the shop's client id, Commerce's own key, and nobody else."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.magento.adapter import WEBHOOK, Magento
from activities.storefronts.magento.signatures import PublicKeys
from activities.storefronts.storefront import DeliveryMalformed, NotOurs, SignatureWrong, WebhookRequest
from tests.storefronts.commerce import (
    ADOBE,
    CLIENT_ID,
    COMMERCE,
    EVENTS_SECRET,
    PAYLOADS,
    SHOP,
    STOCK_ITEM,
    WEBHOOKS_SECRET,
    asked,
    event,
    event_headers,
    new_key,
    product,
    public,
    sent,
    stock_item,
)

VECTORS = json.loads((PAYLOADS / "magento_webhook_signature.json").read_text())
MAGENTO = Magento()


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_each_vector_of_webhooks_is_believed_or_not_as_it_says(case: dict[str, str]) -> None:
    headers = {"X-Adobe-Commerce-Webhook-Signature": case["signature"]}
    request = WebhookRequest(case["body"].encode(), headers, {"store": SHOP})
    if case["valid"]:
        delivery = MAGENTO.verify(request, [VECTORS["public_key"]])
        assert (delivery.store_id, delivery.topic, delivery.about_people) == (SHOP, WEBHOOK, True)
        assert MAGENTO.read(delivery, request.body) == NotOurs(WEBHOOK)
    else:
        with pytest.raises(SignatureWrong):
            MAGENTO.verify(request, [VECTORS["public_key"]])


def test_a_webhook_is_answered_that_the_shop_may_go_on_and_nothing_else() -> None:
    answer = MAGENTO.answer(MAGENTO.verify(asked(b'{"cart":1}'), [WEBHOOKS_SECRET]))
    assert answer is not None
    assert (answer.status, answer.body) == (200, b'{"op":"success"}')
    assert answer.headers["Content-Type"] == "application/json"


def test_the_same_question_is_the_same_delivery_and_another_is_another() -> None:
    keys = [MAGENTO.verify(asked(body), [WEBHOOKS_SECRET]).key for body in (b"{}", b"{}", b'{"a":1}')]
    assert keys[0] == keys[1] != keys[2]


def test_either_signature_of_an_event_is_enough() -> None:
    body = json.dumps(event(STOCK_ITEM, stock_item())).encode()
    both = event_headers(body)
    for left_out in ("x-adobe-digital-signature-1", "x-adobe-digital-signature-2"):
        one = {name: value for name, value in both.items() if name != left_out}
        assert MAGENTO.verify(WebhookRequest(body, one, {"store": SHOP}), [EVENTS_SECRET]).store_id == SHOP


def test_an_event_that_adobe_signed_for_another_customer_is_refused() -> None:
    stolen = sent(event(STOCK_ITEM, stock_item(), recipientclientid="attacker0", recipient_client_id="attacker0"))
    with pytest.raises(SignatureWrong):
        MAGENTO.verify(stolen, [EVENTS_SECRET])


@pytest.mark.parametrize(
    "recipients",
    [
        {"recipientclientid": CLIENT_ID, "recipient_client_id": "attacker0"},
        {"recipientclientid": None, "recipient_client_id": None},
    ],
)
def test_an_event_that_does_not_say_in_one_way_whom_it_is_for_is_refused(recipients: dict[str, str | None]) -> None:
    with pytest.raises(SignatureWrong):
        MAGENTO.verify(sent(event(STOCK_ITEM, stock_item(), **recipients)), [EVENTS_SECRET])


def test_adobes_keys_without_a_client_id_believe_no_event() -> None:
    with pytest.raises(SignatureWrong):
        MAGENTO.verify(sent(event(STOCK_ITEM, stock_item())), [public(ADOBE)])


def test_adobes_keys_do_not_sign_webhooks_nor_commerces_key_events() -> None:
    with pytest.raises(SignatureWrong):
        MAGENTO.verify(asked(b"{}", ADOBE), [EVENTS_SECRET])
    body = json.dumps(event(STOCK_ITEM, stock_item())).encode()
    by_commerce = WebhookRequest(body, event_headers(body, (COMMERCE, COMMERCE)), {"store": SHOP})
    with pytest.raises(SignatureWrong):
        MAGENTO.verify(by_commerce, [WEBHOOKS_SECRET])


def test_a_shop_that_sends_both_has_two_secrets() -> None:
    for request in (sent(event(STOCK_ITEM, stock_item())), asked(b"{}")):
        for secrets in ([EVENTS_SECRET, WEBHOOKS_SECRET], [WEBHOOKS_SECRET, EVENTS_SECRET]):
            assert MAGENTO.verify(request, secrets).store_id == SHOP


def test_one_secret_may_hold_the_keys_of_both() -> None:
    for request in (sent(event(STOCK_ITEM, stock_item())), asked(b"{}")):
        assert MAGENTO.verify(request, [WEBHOOKS_SECRET + EVENTS_SECRET]).store_id == SHOP
    with pytest.raises(SignatureWrong):
        # After a client id every key is of events.
        MAGENTO.verify(asked(b"{}"), [EVENTS_SECRET + WEBHOOKS_SECRET])


def numbers(secret: str) -> list[tuple[str | None, list[int]]]:
    return [(each.client_id, [key.public_numbers().n for key in each.keys]) for each in PublicKeys.read(secret)]


def test_a_key_that_lost_its_line_breaks_on_the_way_is_the_same_key() -> None:
    both = WEBHOOKS_SECRET + EVENTS_SECRET
    assert [(client_id, len(keys)) for client_id, keys in numbers(both)] == [(None, 1), (CLIENT_ID, 2)]
    for instead in (" ", "\\n", "", "\r\n"):
        assert numbers(both.replace("\n", instead)) == numbers(both)


@pytest.mark.parametrize(
    "secret",
    [
        public(new_key(1024)),
        "-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(b"no key").decode() + "\n-----END PUBLIC KEY-----",
        "this is no client id: " + WEBHOOKS_SECRET,
        WEBHOOKS_SECRET + "and more",
        WEBHOOKS_SECRET * 9,
        CLIENT_ID,
    ],
    ids=["small", "none", "no client id", "more behind it", "too many", "no key"],
)
def test_a_secret_that_is_written_otherwise_holds_nothing(secret: str) -> None:
    assert PublicKeys.read(secret) == ()


@given(secret=st.text(max_size=200))
def test_whatever_a_secret_is_it_reads_to_keys_or_none(secret: str) -> None:
    assert PublicKeys.read(secret) == ()
    assert sum(len(each.keys) for each in PublicKeys.read(secret + "-----" + WEBHOOKS_SECRET)) <= 1


@given(signature=st.text(max_size=60))
def test_no_other_text_is_a_signature(signature: str) -> None:
    request = WebhookRequest(b"{}", {"x-adobe-commerce-webhook-signature": signature}, {"store": SHOP})
    with pytest.raises(SignatureWrong):
        MAGENTO.verify(request, [WEBHOOKS_SECRET])


def test_events_in_batches_are_refused_with_what_to_choose() -> None:
    with pytest.raises(DeliveryMalformed, match="one request for each event"):
        MAGENTO.verify(sent([event(STOCK_ITEM, stock_item())]), [EVENTS_SECRET])


@pytest.mark.parametrize("changes", [{"id": None, "eventid": None}, {"id": "x y"}, {"type": None}, {"type": "a\nb"}])
def test_an_event_that_does_not_say_which_or_what_it_is_is_malformed(changes: dict[str, object]) -> None:
    with pytest.raises(DeliveryMalformed):
        MAGENTO.verify(sent(event(STOCK_ITEM, stock_item(), **changes)), [EVENTS_SECRET])


@pytest.mark.parametrize("store", ["shop.example", "shop.example/de", "127.0.0.1:8080", "a-b.example/shop/fr"])
def test_the_address_says_which_store_it_is(store: str) -> None:
    assert MAGENTO.store_named(sent(event(STOCK_ITEM, stock_item()), query={"store": store})) == store


@pytest.mark.parametrize(
    "store", ["", "Shop.example", "https://shop.example", "shop.example/", "a b", "x" * 256, "ä.de"]
)
def test_whatever_else_stands_there_is_no_store(store: str) -> None:
    request = sent(event(STOCK_ITEM, stock_item()), query={"store": store})
    assert MAGENTO.store_named(request) is None
    with pytest.raises(DeliveryMalformed):
        MAGENTO.verify(request, [EVENTS_SECRET])


def test_a_challenge_is_echoed_as_plain_text() -> None:
    challenge = "8ec8d794-e0ab-42df-9017-e3dada8e84f7"
    answer = MAGENTO.greet(WebhookRequest(b"", {}, {"challenge": challenge, "store": SHOP}))
    assert answer is not None
    assert answer.body == challenge.encode()
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("challenge", ["<script>", "a b", "x" * 201, "", "é"])
def test_nothing_is_echoed_that_is_no_challenge(challenge: str) -> None:
    assert MAGENTO.greet(WebhookRequest(b"", {}, {"challenge": challenge})) is None


def test_a_link_to_be_opened_by_people_is_taken_and_a_delivery_is_not_taken_for_one() -> None:
    link = b'{"validationUrl": "https://csm.adobe.io/csm/registrations/validate?id=1&challenge=2"}'
    answer = MAGENTO.greet(WebhookRequest(link, {}, {"store": SHOP}))
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"")
    assert MAGENTO.greet(sent(event(STOCK_ITEM, product()), query={"store": SHOP, "challenge": "abc"})) is None


@pytest.mark.parametrize(
    ("topic", "people"), [(STOCK_ITEM, False), ("com.adobe.commerce.observer.sales_order_save_after", True)]
)
def test_what_may_be_about_people_is_marked_so(topic: str, people: bool) -> None:
    assert MAGENTO.verify(sent(event(topic, {})), [EVENTS_SECRET]).about_people is people


def test_a_type_that_only_an_unsigned_header_names_may_be_about_people() -> None:
    old = {"event_id": "1", "recipient_client_id": CLIENT_ID, "event": {"data": {"value": stock_item()}}}
    delivery = MAGENTO.verify(sent(old, {"X-Adobe-Event-Code": STOCK_ITEM}), [EVENTS_SECRET])
    assert (delivery.key, delivery.about_people) == ("event:1", True)
