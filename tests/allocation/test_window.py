"""A relevancy window ends with a local end of day, and is never shorter than it promised."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from activities.waitlist.window import window_end

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # Its clocks go forward at midnight: that day begins at one o'clock.
    "America/Havana",  # Its clocks go back at one: midnight comes twice.
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # Half an hour of daylight saving.
    "Pacific/Kiritimati",
)
moments = st.timedeltas(timedelta(0), timedelta(days=7300)).map(lambda age: datetime(2015, 1, 1, tzinfo=UTC) + age)


def _day_begins(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the day before this very moment is another one by the clocks there."""
    just_before = (moment - timedelta(microseconds=1)).astimezone(zone)
    return just_before.date() < moment.astimezone(zone).date()


@settings(max_examples=500, deadline=None)
@given(moments, st.integers(1, 400), st.sampled_from(ZONES))
def test_a_window_ends_when_a_local_day_ends_and_is_never_short(moment: datetime, days: int, name: str) -> None:
    end = window_end(moment, days, name)
    assert end.utcoffset() == timedelta(0)
    assert _day_begins(end, ZoneInfo(name))
    assert timedelta(days=days) <= end - moment < timedelta(days=days, hours=25, minutes=1)


@settings(max_examples=300, deadline=None)
@given(moments, st.integers(1, 400), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_the_clock_that_the_entry_was_read_from_makes_no_difference(
    moment: datetime, days: int, name: str, read_in: str
) -> None:
    assert window_end(moment.astimezone(ZoneInfo(read_in)), days, name) == window_end(moment, days, name)


def test_an_entry_at_midnight_has_its_days_and_no_more() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    entered = datetime(2026, 6, 1, tzinfo=berlin)
    assert window_end(entered, 30, "Europe/Berlin") == datetime(2026, 7, 1, tzinfo=berlin)


def test_the_night_the_clocks_go_forward_is_made_up_for() -> None:
    """Thirty days of 24 hours, one of which had 23: the window ends a midnight later than the calendar says."""
    berlin = ZoneInfo("Europe/Berlin")
    entered = datetime(2026, 3, 20, tzinfo=berlin)
    assert window_end(entered, 30, "Europe/Berlin") == datetime(2026, 4, 20, tzinfo=berlin)
