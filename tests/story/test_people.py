"""Who may be written to, who bought it already, who asks twice, and whose message failed."""

import asyncio
from pathlib import Path

from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.reasons import Ending, Reason
from starter.devstack.mailbox import Mailbox
from starter.runtime.ports import free_port
from starter.versioning.publishing import publish
from tests.product import Product, addressees, next_change, running_product
from tests.story.conftest import Meanwhile
from tests.story.documents import back, cheaper, programme


async def test_a_contact_who_opted_out_is_refused_once_and_their_place_passes_on(product: Product) -> None:
    await product.shop.sells("v")
    ada, _ = await product.shop.signs_up("ada", "bob")
    await product.shop.opts_out("ada")
    await product.shop.has("v", 1)
    await product.at_rest()
    report = await product.journeys.show(ada)
    assert (report.ending, report.reason, report.told_at) == (Ending.EXITED, Reason.NO_CONSENT, None)
    await product.shop.has("v", 5)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
    tries = await product.pool.fetch("select attempts, state from sends where journey_id = $1", ada)
    assert [(each["attempts"], each["state"]) for each in tries] == [(0, "refused")]


async def test_one_whose_message_failed_is_not_stuck_and_can_be_told_another_time(product: Product) -> None:
    await product.shop.sells("v")
    await product.shop.bounces("ada")
    ada, _ = await product.shop.signs_up("ada", "bob")
    await product.shop.has("v", 1)
    await product.at_rest()
    assert (await product.journeys.show(ada)).reason is Reason.SUPPRESSED
    assert addressees(product.mailbox) == ["bob"]
    await product.pool.execute("delete from suppressions")
    (again,) = await product.shop.signs_up("ada")
    assert again != ada
    await product.shop.has("v", 2)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob", "ada"]


async def test_who_asked_for_no_mail_and_to_be_forgotten_is_not_mailed_when_others_type_the_address(
    product: Product,
) -> None:
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob")
    await product.shop.bounces("ada")
    await product.shop.opts_out("bob")
    for name in ("ada", "bob"):
        await product.shop.is_erased(name)
    ada, bob, _ = await product.shop.signs_up("ada", "bob", "cy")
    await product.shop.has("v", 3)
    await product.at_rest()
    assert addressees(product.mailbox) == ["cy"]
    reasons = [(await product.journeys.show(journey)).reason for journey in (ada, bob)]
    assert reasons == [Reason.SUPPRESSED, Reason.NO_CONSENT]


async def test_one_failed_attempt_is_followed_by_another_and_by_no_second_mail(
    pool: Pool, client: Client, tmp_path: Path
) -> None:
    mailbox = Mailbox(tmp_path / "mail", port=free_port())  # not started yet: nobody answers
    async with running_product(pool, client, mailbox, "story-failed-once") as product:
        await product.shop.sells("v")
        (ada,) = await product.shop.signs_up("ada")
        await product.shop.has("v", 1)
        while await pool.fetchval("select count(*) from sends where state = 'ready'") == 0:
            await next_change(pool)
        async with mailbox:
            await product.until(ada, lambda report: report.told_at is not None)
            await product.at_rest()
    assert addressees(mailbox) == ["ada"]
    assert await pool.fetchval("select attempts from sends") == 1, "none was open while nobody answered"


async def test_who_signs_up_four_times_stands_in_line_once_and_is_told_once(product: Product) -> None:
    await product.shop.sells("v")
    journeys = await product.shop.signs_up("ada", "bob", "ada", "ADA")
    at_once = await asyncio.gather(*(product.shop.signs_up("cy") for _ in range(4)))
    assert len(set(journeys)) == 2
    assert len({journey for each in at_once for journey in each}) == 1
    await product.shop.has("v", 9)
    await product.at_rest()
    assert sorted(addressees(product.mailbox)) == ["ada", "bob", "cy"]


async def test_who_was_told_can_ask_again_and_is_told_again(product: Product) -> None:
    await publish(product.pool, programme("again", back()))
    await product.shop.sells("v")
    (first,) = await product.shop.signs_up("ada", list_code="again")
    await product.shop.has("v", 1)
    await product.at_rest()
    await product.shop.has("v", 0)
    (second,) = await product.shop.signs_up("ada", list_code="again")
    assert second != first
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada", "ada"]


async def test_who_has_bought_it_already_is_not_told_and_their_place_passes_on(product: Product) -> None:
    await product.shop.sells("v")
    ada, _ = await product.shop.signs_up("ada", "bob")
    await product.shop.buys("ada")
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]
    assert (await product.journeys.show(ada)).reason is Reason.PURCHASED


async def test_who_looked_at_it_and_bought_it_at_the_old_price_is_not_told_of_the_new_one(product: Product) -> None:
    await publish(product.pool, programme("cheaper", cheaper()))
    await product.shop.sells("v", units=5, price="100")
    await product.shop.sees("ada", "bob")
    await product.shop.buys("ada")
    await product.shop.asks("80")
    await product.at_rest()
    assert addressees(product.mailbox) == ["bob"]


async def test_an_offer_that_nobody_takes_up_passes_on_and_one_that_was_taken_up_does_not(product: Product) -> None:
    await publish(product.pool, programme("offers", back(offer_lapses_after="24 hours")))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", "bob", "cy", list_code="offers")
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]
    assert await _a_day_later(product) == 1
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada", "bob"]
    await product.shop.buys("bob")
    assert await _a_day_later(product) == 0
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada", "bob"]


async def _a_day_later(product: Product) -> int:
    """The time of every offer is up. Returns how many lapse."""
    await product.pool.execute("update claims set lapses_at = now() where lapses_at is not null")
    return await Waitlist(product.pool).lapse_offers()


async def test_who_opts_out_between_the_call_and_the_mail_gets_none(meanwhile: Meanwhile) -> None:
    document = await meanwhile.opens()
    await meanwhile.shop.sells("v")
    await meanwhile.shop.signs_up("ada", "bob")
    await meanwhile.shop.has("v", 1)
    assert await meanwhile.calls_forward() == 1
    await meanwhile.shop.opts_out("ada")
    async with meanwhile.writes(document) as product:
        await product.at_rest()
        assert addressees(product.mailbox) == ["bob"]
