"""Lengths of time are read back as they were written."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.time.durations import LONGEST_DAYS, format_duration, parse_duration


@given(
    st.timedeltas(timedelta(0), timedelta(days=LONGEST_DAYS)).map(lambda t: timedelta(seconds=int(t.total_seconds())))
)
def test_a_written_length_is_read_back_the_same_when_it_has_few_digits(length: timedelta) -> None:
    text = format_duration(length)
    if len(text.split()[0]) <= 6:
        assert parse_duration(text) == length


@given(st.integers(1, 500), st.sampled_from(["second", "minute", "hour", "day", "week"]))
def test_what_people_write_is_read_and_written_shorter_or_the_same(count: int, unit: str) -> None:
    length = parse_duration(f"{count} {unit}{'s' if count > 1 else ''}")
    assert parse_duration(format_duration(length)) == length
    assert int(format_duration(length).split()[0]) <= count


@pytest.mark.parametrize("text", ["2 dayz", "two days", "2days", "-1 day", "1.5 hours", "", "4000 days", 3, None])
def test_what_is_no_length_of_time_says_what_to_do(text: object) -> None:
    with pytest.raises(ValueError, match=r"write a whole number and a unit|the most there is"):
        parse_duration(text)
