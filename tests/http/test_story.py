"""From the shopper's form to the mail, over HTTP; and what Temporal's absence changes: nothing is lost (P4)."""

from temporalio.client import Client

from activities.postgres.pool import Pool
from schemas.journey.path import JourneyPath
from starter.devstack.mailbox import Mailbox
from tests.http.conftest import web_over
from tests.http.web import Web, level_message, product_message
from tests.product import Product, addressees, running_product


async def test_a_signed_webhook_ends_in_a_mail_and_support_replays_the_path(product: Product) -> None:
    async with web_over(product.pool, product.client) as web:
        await web.webhook("products/update", product_message())
        for name in ("first", "second"):
            assert (await web.sign_up(f"{name}@example.com")).status_code == 202
        assert (await web.webhook("inventory_levels/update", level_message(1, 1))).status_code == 200
        assert "Mug" in await product.mail_to("first")
        second, first = (await web.keyed.get("/v1/journeys")).json()["journeys"]
        await product.until(first["journey_id"], lambda journey: journey.told_at is not None)
        await product.settled()
        told = await product.told(first["journey_id"])
        assert [entry.step for entry in told.entries] == ["waiting-list", "it-is-back", "pause"]
        assert await replayed(web, first["journey_id"]) == told
        await product.told(second["journey_id"])
        waiting = await replayed(web, second["journey_id"])
        assert [entry.step for entry in waiting.entries] == ["waiting-list"]
        shown = (await web.keyed.get(f"/v1/journeys/{second['journey_id']}")).json()
        assert (shown["status"], shown["reason"]) == ("waiting", "not_next_in_line")
        assert addressees(product.mailbox) == ["first"]


async def test_a_cancelled_journey_ends_and_its_place_goes_to_the_next(product: Product) -> None:
    async with web_over(product.pool, product.client) as web:
        await web.webhook("products/update", product_message())
        await web.sign_up("first@example.com")
        await web.sign_up("second@example.com")
        _, first = (await web.keyed.get("/v1/journeys")).json()["journeys"]
        assert (await web.keyed.post(f"/v1/journeys/{first['journey_id']}/cancel")).status_code == 200
        await web.webhook("inventory_levels/update", level_message(1, 1))
        await product.mail_to("second")
        ended = await product.until(first["journey_id"], lambda journey: journey.ended_at is not None)
        assert (ended.ending, ended.reason) == ("exited", "cancelled")
        told = await product.path(first["journey_id"])
        assert (told.ending, told.reason) == ("exited", "cancelled")
        assert await replayed(web, first["journey_id"]) == told


async def test_p4_what_comes_in_while_temporal_is_down_is_told_when_it_is_back(
    web: Web, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    await web.webhook("products/update", product_message())
    for name in ("first", "second", "third"):
        assert (await web.sign_up(f"{name}@example.com")).status_code == 202
    assert (await web.webhook("inventory_levels/update", level_message(2, 1))).status_code == 200
    assert (await web.open.get("/readyz")).status_code == 200
    waiting = (await web.keyed.get("/v1/journeys", params={"status": "waiting"})).json()["journeys"]
    assert len(waiting) == 3
    async with running_product(pool, client, mailbox, "http-after-an-outage") as product:
        await product.mail_to("first")
        await product.mail_to("second")
        await product.settled()
        assert sorted(addressees(mailbox)) == ["first", "second"]


async def replayed(web: Web, journey_id: str) -> JourneyPath:
    answer = await web.keyed.get(f"/v1/journeys/{journey_id}/path")
    assert answer.status_code == 200, answer.text
    return JourneyPath.model_validate_json(answer.content)
