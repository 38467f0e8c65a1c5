"""An import of an old file neither brings back who was erased, nor overrules what they said before."""

import pytest

from schemas.incoming.facts import ContactErasureFact
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.product import starter_document
from tests.waitlist.late import RED, SCARF, SHOP, LateShop, days_ago, rows


@pytest.fixture
async def forgetful(shop: LateShop) -> LateShop:
    """The shop, where ann said no to mails and bo yes, and both were erased."""
    await publish(shop.pool, starter_document())
    await shop.sells(SCARF, RED)
    for name, granted in (("ann", False), ("bo", True)):
        await shop.knows(name, granted=granted)
        await shop.shop.intake.observe(SHOP, "shopify", [ContactErasureFact(email=f"{name}@shop.example")])
    return shop


async def test_who_was_erased_since_they_signed_up_does_not_enter(forgetful: LateShop) -> None:
    done = await forgetful.imports(rows(("ann@shop.example", RED, days_ago(2)), ("bo@shop.example", RED, days_ago(2))))
    assert done.counts.not_entered == {Reason.ERASED: 2}
    assert await forgetful.pool.fetchval("select count(*) from contacts where email is not null") == 0


async def test_who_signed_up_since_enters_unless_they_had_said_no(forgetful: LateShop) -> None:
    await forgetful.pool.execute("update forgotten_addresses set forgotten_at = now() - interval '9 days'")
    done = await forgetful.imports(rows(("ann@shop.example", RED, days_ago(2)), ("bo@shop.example", RED, days_ago(2))))
    assert done.counts.not_entered == {Reason.NO_CONSENT: 1}
    assert await forgetful.line() == ["bo"]
