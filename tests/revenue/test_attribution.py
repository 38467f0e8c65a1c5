"""An order is credited to the message that its contact touched last, and never to one that came after it."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.revenue.attribution import MessageTouch, credited_to
from schemas.attribution import AttributionModel, Touch

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MODELS = st.builds(
    AttributionModel,
    email_click_days=st.integers(0, 90),
    email_open_days=st.integers(0, 90),
    sms_click_days=st.integers(0, 90),
    delivered_days=st.integers(0, 90),
)
MOMENTS = st.integers(-200 * 24, 24).map(lambda hours: NOON + timedelta(hours=hours))
TOUCHES = st.builds(
    MessageTouch,
    send_key=st.sampled_from("abc"),
    channel=st.sampled_from(["email", "sms"]),
    touch=st.sampled_from(Touch),
    at=MOMENTS,
    sent_at=MOMENTS,
    model=MODELS,
)


def touched(
    touch: Touch, days_ago: float, key: str = "a", channel: str = "email", model: AttributionModel | None = None
) -> MessageTouch:
    """A touch of a message that was sent a day before it."""
    at = NOON - timedelta(days=days_ago)
    return MessageTouch(key, channel, touch, at, at - timedelta(days=1), model or AttributionModel())


@given(st.lists(TOUCHES))
def test_no_order_is_credited_to_a_message_or_a_touch_that_came_after_it(touches: list[MessageTouch]) -> None:
    found = credited_to(NOON, touches)
    if found is not None:
        assert found in touches
        assert found.sent_at <= NOON
        assert found.at <= NOON


@given(st.lists(TOUCHES))
def test_no_touch_that_counts_is_later_than_the_one_that_is_credited(touches: list[MessageTouch]) -> None:
    found = credited_to(NOON, touches)
    counting = [touch for touch in touches if credited_to(NOON, [touch]) is not None]
    assert (found is None) == (not counting)
    if found is not None:
        assert found.at == max(touch.at for touch in counting)


@given(st.lists(TOUCHES), st.randoms())
def test_the_order_in_which_touches_are_told_changes_nothing(touches: list[MessageTouch], random: Random) -> None:
    shuffled = sorted(touches, key=lambda _: random.random())
    one, other = credited_to(NOON, touches), credited_to(NOON, shuffled)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one.at, one.touch, one.send_key) == (other.at, other.touch, other.send_key)


@given(st.lists(TOUCHES))
def test_the_code_of_a_message_goes_before_whatever_else_they_did(touches: list[MessageTouch]) -> None:
    coupon = MessageTouch("coupon", "email", Touch.COUPON, NOON, NOON - timedelta(days=300), AttributionModel())
    earlier = [touch for touch in touches if touch.touch is not Touch.COUPON or touch.at != NOON]
    assert credited_to(NOON, [*earlier, coupon]) == coupon


@pytest.mark.parametrize(
    ("touch", "channel", "counts", "too_late"),
    [
        (Touch.CLICKED, "email", 4.9, 5),
        (Touch.OPENED, "email", 4.9, 5),
        (Touch.CLICKED, "sms", 4.9, 5),
    ],
)
def test_a_touch_counts_for_five_days_unless_the_list_says_otherwise(
    touch: Touch, channel: str, counts: float, too_late: float
) -> None:
    assert credited_to(NOON, [touched(touch, counts, channel=channel)]) is not None
    assert credited_to(NOON, [touched(touch, too_late, channel=channel)]) is None


def test_that_a_message_was_delivered_earns_nothing_unless_the_list_says_so() -> None:
    assert credited_to(NOON, [touched(Touch.DELIVERED, 0.1)]) is None
    model = AttributionModel(delivered_days=1)
    assert credited_to(NOON, [touched(Touch.DELIVERED, 0.1, model=model)]) is not None


def test_a_text_message_cannot_be_opened() -> None:
    assert credited_to(NOON, [touched(Touch.OPENED, 1, channel="sms")]) is None


def test_of_an_open_and_a_click_of_one_moment_the_click_counts() -> None:
    found = credited_to(NOON, [touched(Touch.CLICKED, 1, "a"), touched(Touch.OPENED, 1, "b")])
    assert found is not None
    assert found.send_key == "a"
