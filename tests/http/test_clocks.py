"""What is said by hand, as of now, holds beside a shop whose clock is ahead; and a poll says when it observed."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.http.web import NOON, Web, level_message, problem, product_message
from tests.storefronts.shop import SHOP

VARIANT = f"/v1/stores/{SHOP}/variants/31"


def _ahead(seconds: float = 200) -> float:
    """Minutes past noon that the shop's clock shows, so many seconds ahead of ours."""
    return (datetime.now(UTC) + timedelta(seconds=seconds) - NOON) / timedelta(minutes=1)


async def _set(web: Web, available: int, **more: object) -> httpx.Response:
    return await web.keyed.put(f"{VARIANT}/stock", json={"available": available, "location": "61"} | more)


@pytest.fixture
async def shop_ahead(web: Web) -> Web:
    """Three units at the shop's only location, told by a clock that is 200 s ahead; the product told then too."""
    await web.webhook("products/update", product_message(_ahead(), units=3))
    await web.webhook("inventory_levels/update", level_message(3, _ahead()))
    assert await web.units() == 3
    return web


async def test_stock_set_by_hand_holds_at_once_though_the_shop_s_clock_is_ahead(shop_ahead: Web) -> None:
    for units in (0, 7):
        answer = (await _set(shop_ahead, units)).json()
        assert (answer["variant"]["units"], [level["available"] for level in answer["levels"]]) == (units, [units])
        assert await shop_ahead.units() == units


async def test_a_product_put_in_by_hand_holds_at_once_with_its_quantity(shop_ahead: Web) -> None:
    given = {"title": "Cup", "variants": [{"variant": "31", "inventory_item": "41", "quantity": 9}]}
    assert (await shop_ahead.keyed.put(f"/v1/stores/{SHOP}/products/21", json=given)).status_code == 200
    shown = (await shop_ahead.keyed.get(VARIANT)).json()
    assert (shown["product_title"], shown["units"]) == ("Cup", 9)


async def test_the_shop_s_next_word_holds_again(shop_ahead: Web) -> None:
    await _set(shop_ahead, 0)
    await shop_ahead.webhook("inventory_levels/update", level_message(4, _ahead(201)))
    assert await shop_ahead.units() == 4


async def test_a_poll_that_observed_before_what_is_known_changes_nothing_and_is_shown_what_is_true(web: Web) -> None:
    await web.webhook("products/update", product_message())
    await web.webhook("inventory_levels/update", level_message(3, 10))
    before, after = (NOON + timedelta(minutes=minutes) for minutes in (5, 15))
    answer = (await _set(web, 8, observed_at=before.isoformat())).json()
    assert (answer["variant"]["units"], answer["levels"][0]["available"]) == (3, 3)
    answer = (await _set(web, 8, observed_at=after.isoformat())).json()
    assert (answer["variant"]["units"], answer["levels"][0]["available"]) == (8, 8)


async def test_an_observation_from_the_future_is_refused_with_what_to_do(web: Web) -> None:
    await web.webhook("products/update", product_message())
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    said = problem(await _set(web, 8, observed_at=future), 422, "invalid")
    assert said.path == "$.observed_at"
    assert "leave it out" in said.detail
