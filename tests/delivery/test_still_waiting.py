"""A word to who still waits: true at the moment it leaves, and of no consequence to their place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from activities.delivery.verdict import OWN_PAUSE_CHECK, Go, judge
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.providers.reading import reference_of
from schemas.document.conversation import Cap
from schemas.document.steps import Send
from schemas.ids import JourneyId, StepId, VersionId, message_reference
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Refused, Sent
from schemas.reasons import Reason
from starter.versioning.publishing import publish
from tests.delivery.counter import Counter
from tests.delivery.test_verdict import ALL_WELL, NOON
from tests.product import Shop, starter_document

WAITS = replace(ALL_WELL, event=None, claim=None, in_stock=False, still=True)
STAYS = AfterRefusal.GO_ON


@pytest.mark.parametrize(
    ("changed", "reason", "then"),
    [
        ({"in_stock": True}, Reason.IN_STOCK, STAYS),
        ({"on_sale": False}, Reason.INACTIVE, STAYS),
        ({"filtered": True}, Reason.FILTERED, STAYS),
        ({"other_product": True}, Reason.OTHER_PRODUCT, STAYS),
        ({"held_out": True}, Reason.HELD_OUT, STAYS),
        ({"bought": True}, Reason.PURCHASED, AfterRefusal.LEAVE),
        ({"consented": False}, Reason.NO_CONSENT, AfterRefusal.LEAVE),
        ({"suppressed": True}, Reason.SUPPRESSED, AfterRefusal.LEAVE),
        ({"left": Reason.DISCONTINUED}, Reason.DISCONTINUED, AfterRefusal.LEAVE),
    ],
)
def test_it_is_said_only_while_it_is_true_and_to_who_still_wants_it(
    changed: dict[str, object], reason: Reason, then: AfterRefusal
) -> None:
    assert judge(WAITS, NOON) == Go()
    assert judge(replace(WAITS, **changed), NOON) == Refused(reason=reason, then=then)  # pyright: ignore[reportArgumentType]  # by name


def test_while_all_is_paused_it_is_looked_at_once_a_day() -> None:
    paused = replace(WAITS, paused=Reason.ALERT_PAUSED)
    assert judge(paused, NOON) == Deferred(until=NOON + OWN_PAUSE_CHECK, reason=Reason.ALERT_PAUSED)


def _still(journey: JourneyId) -> Deliver:
    return Deliver(
        journey_id=journey,
        event=None,
        version=VersionId("back-in-stock@1"),
        step=Send(id=StepId("while-waiting/2-weeks"), message="still-here"),
        round=0,
        give_up_at=datetime.now(UTC) + timedelta(hours=24),
    )


async def test_what_leaves_settles_no_place_and_waits_for_a_cap_without_taking_a_turn(pool: Pool) -> None:
    document = starter_document(quantity_threshold=2)
    cap = Cap(messages=1, per=timedelta(hours=4))
    await publish(pool, document.model_copy(update={"list": document.list.model_copy(update={"at_most": cap})}))
    counter = Counter(pool, Shop(pool, Intake(pool)))
    await counter.shop.sells("v", "w")
    (journey,) = await counter.shop.signs_up("first")
    (other,) = await counter.shop.signs_up("first", for_="w")

    assert isinstance(await counter.deliver(_still(journey)), Sent)
    assert await counter.place(journey) == ("waiting", [])
    assert await pool.fetchval("select told_at from journeys where id = $1", journey) is None
    key = _still(journey).key
    assert reference_of(f"<{key.replace('/', '.')}@shop.example>") == message_reference(key)

    later = await counter.deliver(_still(other))
    assert isinstance(later, Deferred)
    assert later.reason is Reason.TOO_FREQUENT
    assert await pool.fetchval("select put_off_until from sends where journey_id = $1", other) is None

    await counter.shop.has("w", 1)  # which the alert, that waits for two, tells nobody of
    assert await counter.deliver(_still(other)) == Refused(reason=Reason.IN_STOCK, then=STAYS)
