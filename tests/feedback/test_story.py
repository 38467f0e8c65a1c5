"""What a provider tells, as journeys live it: on real Temporal, with real mail."""

from schemas.ids import message_reference
from schemas.incoming.message_events import MessageEventKind as Kind
from schemas.reasons import Ending, Reason
from tests.feedback.told import of, tell
from tests.product import Product, addressees


async def test_whom_a_message_never_reached_makes_room_for_the_next_in_line(product: Product) -> None:
    await product.shop.sells("v")
    first, second = await product.shop.signs_up("first", "second")
    await product.at_rest()
    await product.shop.has("v", 1)
    await product.until(first, lambda journey: journey.told_at is not None)
    await product.at_rest()
    assert (await product.journeys.show(second)).told_at is None
    # As if the connection had broken while the mail server took it.
    key = await product.pool.fetchval(
        "update sends set state = 'unknown', outcome = $2 where journey_id = $1 and event = 'alert' returning key",
        first,
        {"kind": "unknown"},
    )
    await tell(product.pool, of(first, Kind.FAILED, reference=message_reference(key)))
    ended = await product.until(first, lambda journey: journey.ended_at is not None)
    assert (ended.ending, ended.reason, ended.told_at) == (Ending.EXITED, Reason.PROVIDER_REFUSED, None)
    await product.until(second, lambda journey: journey.told_at is not None)
    assert addressees(product.mailbox)[-1] == "second"
