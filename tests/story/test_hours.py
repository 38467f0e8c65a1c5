"""Quiet hours are those of the list's own time zone, whatever the server's clock says."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.product import Product, addressees
from tests.story.documents import back, programme

ELSEWHERE = "Asia/Kolkata"
"""Five and a half hours ahead, all year."""


async def test_a_message_keeps_quiet_by_the_lists_own_clock_and_leaves_when_its_night_is_over(
    product: Product,
) -> None:
    here = datetime.now(UTC)
    local = here.astimezone(ZoneInfo(ELSEWHERE))
    night = {"from": _clock(local - timedelta(hours=1)), "until": _clock(local + timedelta(seconds=5))}
    await publish(product.pool, programme("night", back(), time_zone=ELSEWHERE, quiet_hours=night))
    await product.shop.sells("v")
    (ada,) = await product.shop.signs_up("ada", list_code="night")
    await product.shop.has("v", 1)
    held = await product.held_up(ada)
    assert held.reason is Reason.QUIET_HOURS
    assert abs(held.until - here - timedelta(seconds=5)) < timedelta(seconds=1)
    assert addressees(product.mailbox) == []
    await product.mail_to("ada")
    assert datetime.now(UTC) >= held.until


async def test_the_servers_night_is_not_the_lists(product: Product) -> None:
    here = datetime.now(UTC)
    night = {"from": _clock(here - timedelta(hours=1)), "until": _clock(here + timedelta(hours=1))}
    await publish(product.pool, programme("night", back(), time_zone=ELSEWHERE, quiet_hours=night))
    await product.shop.sells("v")
    await product.shop.signs_up("ada", list_code="night")
    await product.shop.has("v", 1)
    await product.at_rest()
    assert addressees(product.mailbox) == ["ada"]


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S")
