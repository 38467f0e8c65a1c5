"""When it is the turn of a message, by what was sent before and how much is allowed. Pure."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from activities.delivery.cap import next_turn
from schemas.document.conversation import Cap

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
caps = st.builds(Cap, messages=st.integers(1, 4), per=st.timedeltas(timedelta(minutes=1), timedelta(days=2)))
moments = st.timedeltas(timedelta(0), timedelta(days=3)).map(lambda age: START + age)


@given(caps, st.lists(moments, max_size=30).map(sorted))
def test_no_time_of_the_caps_length_has_more_messages_than_it_allows(cap: Cap, asked: list[datetime]) -> None:
    """However many ask, and when: each leaves at its turn, after those that asked before."""
    left: list[datetime] = []
    for moment in asked:
        left.append(next_turn(left, cap, moment) or moment)
    for end in left:
        assert len([each for each in left if end - cap.per < each <= end]) <= cap.messages


@given(caps, st.lists(moments, max_size=10), moments)
def test_a_turn_is_the_earliest_moment_that_the_cap_allows(cap: Cap, before: list[datetime], now: datetime) -> None:
    before = [each for each in before if each <= now]
    turn = next_turn(before, cap, now)
    at = turn or now
    assert len([each for each in before if at - cap.per < each]) < cap.messages
    if turn is not None:
        just_before = turn - timedelta(microseconds=1)
        assert len([each for each in before if just_before - cap.per < each]) >= cap.messages


@given(st.lists(moments))
def test_without_a_cap_it_is_always_their_turn(before: list[datetime]) -> None:
    assert next_turn(before, None, START) is None
