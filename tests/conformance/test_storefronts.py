"""One suite over every storefront: whom it believes, what it makes of a message, and where its products are shown."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.storefronts.registry import STOREFRONTS, Storefronts, page_url
from activities.storefronts.storefront import (
    DeliveryMalformed,
    NotOurs,
    PayloadMalformed,
    SignatureWrong,
    Storefront,
    WebhookRequest,
)
from schemas.incoming.facts import Fact, HintFact, ProductFact, StockFact, WebhookDelivery
from tests.conformance.platforms import BIG, PLATFORMS, Platform

every_platform_that_tells_products = pytest.mark.parametrize(
    "platform",
    [platform for platform in PLATFORMS if platform.tells_products],
    ids=lambda platform: platform.storefront.source,
)
every_platform = pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.storefront.source)
ANY_HEADERS = st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=5)
FRONT_PAGE = "https://shop.example"


def verified(platform: Platform, sent: WebhookRequest) -> WebhookDelivery:
    return platform.storefront.verify(sent, [platform.secret])


def facts(platform: Platform, sent: WebhookRequest) -> tuple[Fact, ...] | NotOurs:
    return platform.storefront.read(verified(platform, sent), sent.body)


def told(platform: Platform, sent: WebhookRequest) -> tuple[Fact, ...]:
    answer = facts(platform, sent)
    assert not isinstance(answer, NotOurs)
    return answer


def named(facts: tuple[Fact, ...]) -> set[str]:
    """The products and variants that facts are about."""
    ids = set[str]()
    for fact in facts:
        match fact:
            case ProductFact():
                ids |= {fact.product_id, *(each.variant_id for each in fact.variants), *(fact.all_variant_ids or ())}
            case HintFact():
                ids |= {id_ for id_ in (fact.product_id, fact.variant_id) if id_}
            case _:
                pytest.fail(f"neither a product nor a hint at one: {fact}")
    return ids


@every_platform
def test_a_genuine_message_says_whose_it_is_and_is_the_same_delivery_each_time(platform: Platform) -> None:
    sent = platform.product(1, 2)
    delivery = verified(platform, sent)
    assert delivery.source == platform.storefront.source
    assert delivery.store_id == platform.storefront.store_named(sent) == platform.store
    assert verified(platform, sent) == delivery
    assert verified(platform, platform.product(1, 2)).key != delivery.key


@every_platform
def test_a_body_with_any_bit_changed_is_refused(platform: Platform) -> None:
    sent = platform.stock(1, 3)
    for place in range(0, len(sent.body) * 8, 7):
        changed = bytearray(sent.body)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(SignatureWrong):
            verified(platform, replace(sent, body=bytes(changed)))


@every_platform
@given(body=st.binary(max_size=200), headers=ANY_HEADERS)
def test_whatever_nobody_signed_is_refused(platform: Platform, body: bytes, headers: dict[str, str]) -> None:
    request = WebhookRequest(body, headers)
    assert platform.storefront.store_named(request) is None
    with pytest.raises(SignatureWrong):
        verified(platform, request)


@every_platform
@pytest.mark.parametrize("secrets", [(), ("another",), ("",)])
def test_by_no_secret_of_the_store_nobody_is_believed(platform: Platform, secrets: tuple[str, ...]) -> None:
    with pytest.raises(SignatureWrong) as refused:
        platform.storefront.verify(platform.product(1, 2), secrets)
    assert platform.secret not in str(refused.value)


@every_platform
def test_while_a_secret_is_rotated_both_count(platform: Platform) -> None:
    sent = platform.product(1, 2)
    for secrets in (("another", platform.secret), (platform.secret, "another")):
        assert platform.storefront.verify(sent, secrets) == verified(platform, sent)


@every_platform
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_header_names_may_have_any_case(platform: Platform, change: Callable[[str], str]) -> None:
    sent = platform.stock(1, 3)
    renamed = replace(sent, headers={change(name): value for name, value in sent.headers.items()})
    assert verified(platform, renamed) == verified(platform, sent)
    assert platform.storefront.store_named(renamed) == platform.store


@every_platform_that_tells_products
def test_ids_survive_to_their_last_digit(platform: Platform) -> None:
    assert named(told(platform, platform.product(BIG, BIG + 2))) == {str(BIG), str(BIG + 2)}


@every_platform
@pytest.mark.parametrize("units", [3, 0, -2])
def test_a_level_is_told_as_it_is_also_below_nothing(platform: Platform, units: int) -> None:
    match told(platform, platform.stock(BIG, units))[0]:
        case HintFact(variant_id=variant):
            assert variant == str(BIG), "how many there are is left to be asked"
        case StockFact() as stock:
            assert (stock.inventory_item_id, stock.available) == (str(BIG), units)
        case other:
            pytest.fail(f"no level: {other}")


@every_platform
def test_what_is_not_followed_is_taken_all_the_same(platform: Platform) -> None:
    assert isinstance(facts(platform, platform.something_else()), NotOurs)


@every_platform
def test_a_signed_body_that_does_not_fit_is_malformed_and_says_where(platform: Platform) -> None:
    with pytest.raises(PayloadMalformed) as wrong:
        facts(platform, platform.broken())
    assert wrong.value.path.startswith("$")


@every_platform
def test_a_signed_message_of_no_store_is_malformed(platform: Platform) -> None:
    sent = platform.nameless()
    assert platform.storefront.store_named(sent) is None
    with pytest.raises(DeliveryMalformed):
        verified(platform, sent)


@every_platform
def test_a_delivery_is_no_greeting_and_is_answered_2xx(platform: Platform) -> None:
    sent = platform.product(1, 2)
    assert platform.storefront.greet(sent) is None
    answer = platform.storefront.answer(verified(platform, sent))
    assert answer is None or 200 <= answer.status < 300


@every_platform
@given(body=st.binary(max_size=100), headers=ANY_HEADERS, query=ANY_HEADERS)
def test_any_greeting_is_answered_2xx_or_is_none(
    platform: Platform, body: bytes, headers: dict[str, str], query: dict[str, str]
) -> None:
    greeting = platform.storefront.greet(WebhookRequest(body, headers, query))
    assert greeting is None or 200 <= greeting.status < 300


@every_platform_that_tells_products
def test_a_product_is_shown_in_its_shop_and_each_variant_at_an_address_of_its_own(platform: Platform) -> None:
    match told(platform, platform.product(1, 2))[0]:
        case ProductFact(handle=str() as handle):
            pass
        case HintFact():
            handle = "only its API tells"
        case other:
            pytest.fail(f"no product with a handle: {other}")
    pages = [platform.storefront.page_url(FRONT_PAGE, handle, variant) for variant in (None, "2", "3")]
    assert len(set(pages)) == 3
    assert all(page.startswith(f"{FRONT_PAGE}/") for page in pages)


@every_platform
@given(handle=st.text(st.characters(codec="utf-8"), min_size=1), variant=st.text(st.characters(codec="utf-8")))
def test_whatever_a_handle_holds_the_page_is_the_shops(platform: Platform, handle: str, variant: str) -> None:
    page = platform.storefront.page_url(FRONT_PAGE, handle, variant)
    assert page.isascii()
    assert urlsplit(page)[:2] == urlsplit(FRONT_PAGE)[:2]


def test_every_storefront_is_registered_once_under_suite_and_has_its_page() -> None:
    sources = [storefront.source for storefront in STOREFRONTS]
    assert list(Storefronts()) == sources
    assert len(set(sources)) == len(sources)
    assert set(sources) <= {platform.storefront.source for platform in PLATFORMS}
    for source in sources:
        assert source.isascii()
        assert source.islower()
        assert (Path("docs/storefronts") / f"{source}.md").is_file()


def test_a_store_put_in_by_hand_has_its_pages_too() -> None:
    assert page_url("api", FRONT_PAGE, "blue kettle", None) == f"{FRONT_PAGE}/products/blue%20kettle"
    assert page_url("api", FRONT_PAGE, "k", "31") == f"{FRONT_PAGE}/products/k?variant=31"
    assert page_url("api", FRONT_PAGE, None, "31") == FRONT_PAGE


@pytest.mark.parametrize("storefront", STOREFRONTS, ids=lambda storefront: storefront.source)
def test_the_registry_shows_products_where_their_storefront_does(storefront: Storefront) -> None:
    assert page_url(storefront.source, FRONT_PAGE, "k", "31") == storefront.page_url(FRONT_PAGE, "k", "31")
