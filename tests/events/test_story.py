"""Orders and erasures as journeys live them: on real Temporal, with real mail."""

from datetime import UTC, datetime

from activities.intake.events import Events
from schemas.incoming.events import Event, EventKind
from schemas.incoming.facts import ContactErasureFact
from schemas.reasons import Ending, Reason
from tests.product import STORE, Product, address, addressees


async def test_who_bought_meanwhile_is_not_told_and_their_unit_goes_to_the_next(product: Product) -> None:
    await product.shop.sells("v")
    ann, ben = await product.shop.signs_up("ann", "ben")
    bought = Event(
        id="e-1", store=STORE, kind=EventKind.ORDERED, email=address("ann"), product="p", variant="v", order="o-1"
    )
    await Events(product.pool).take(bought)
    await product.shop.has("v", 1)
    await product.mail_to("ben")
    told = await product.until(ann, lambda report: report.ended_at is not None)
    assert (told.reason, addressees(product.mailbox)) == (Reason.PURCHASED, ["ben"])
    assert (await product.until(ben, lambda report: report.told_at is not None)).reason is None


async def test_a_contact_who_is_erased_leaves_and_is_never_written_to(product: Product) -> None:
    await product.shop.sells("v")
    ann, _ben = await product.shop.signs_up("ann", "ben")
    erased = ContactErasureFact(email=address("ann"), observed_at=datetime.now(UTC))
    await product.shop.intake.observe(STORE, "shopify", [erased])
    report = await product.until(ann, lambda report: report.ending is not None)
    assert (report.ending, report.reason) == (Ending.EXITED, Reason.ERASED)
    await product.shop.has("v", 1)
    await product.mail_to("ben")
    await product.settled()
    assert addressees(product.mailbox) == ["ben"]
