"""A moment on the calendar is read back as it was written, and the next one is what the wall clock shows."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.time.moments import Until, UntilText, format_until, next_moment, parse_until

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # Half an hour of daylight saving.
    "UTC",
    "Asia/Kathmandu",
    "Pacific/Apia",  # Left out a whole day: 30 December 2011.
    "America/Asuncion",  # Put its clocks forward at midnight.
    "America/Scoresbysund",  # Puts its clocks forward over midnight, from 23:00 (since 2024).
)

thoroughly = settings(max_examples=400, deadline=None)

_clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
_weekdays = st.sets(st.integers(0, 6), max_size=7).map(lambda days: tuple(sorted(days)))
_dates = st.dates(date(2000, 1, 1), date(2199, 12, 31))
repeating = st.builds(Until, weekdays=_weekdays, at=_clocks)
untils = repeating | st.builds(Until, date=_dates, at=_clocks)
afters = st.timedeltas(timedelta(0), timedelta(days=35 * 365)).map(
    lambda since: datetime(2005, 1, 1, tzinfo=UTC) + since
)
zones = st.sampled_from(ZONES)


def shows(moment: datetime, until: Until, zone: str) -> bool:
    """The zone's clock shows at this moment what is waited for."""
    local = moment.astimezone(ZoneInfo(zone))
    on_the_day = local.date() == until.date if until.date else not until.weekdays or local.weekday() in until.weekdays
    return on_the_day and local.time() == until.at


def ends_a_gap(moment: datetime, zone: str) -> bool:
    """The clock was put forward to what it shows at this moment."""
    local, before = (each.astimezone(ZoneInfo(zone)) for each in (moment, moment - timedelta(seconds=1)))
    return local.replace(tzinfo=None) - before.replace(tzinfo=None) > timedelta(seconds=1)


def local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


# Reading and writing ---------------------------------------------------------------------------------------------


@given(untils)
def test_what_is_written_is_read_back_the_same(until: Until) -> None:
    assert parse_until(format_until(until)) == until


@given(untils)
def test_an_editor_knows_what_is_written_for_a_moment(until: Until) -> None:
    pattern = TypeAdapter[Until](UntilText).json_schema()["pattern"]

    assert re.search(pattern, format_until(until))


@given(untils)
def test_a_moment_travels_as_its_text(until: Until) -> None:
    adapter = TypeAdapter[Until](UntilText)

    written = adapter.dump_json(until)

    assert json.loads(written) == format_until(until)
    assert adapter.validate_json(written) == until


@given(st.text(alphabet="0123456789:- ,\nmonday weekend", max_size=24))
def test_any_text_is_a_moment_or_is_told_what_to_write(text: str) -> None:
    try:
        until = parse_until(text)
    except ValueError:
        with pytest.raises(ValueError, match="write"):
            parse_until(text)
    else:
        assert parse_until(format_until(until)) == until


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("09:00", Until(at=time(9))),
        ("monday", Until(weekdays=(0,))),
        ("monday 09:00", Until(weekdays=(0,), at=time(9))),
        ("thursday, monday 09:00", Until(weekdays=(0, 3), at=time(9))),
        (" Monday,Thursday  09:00 ", Until(weekdays=(0, 3), at=time(9))),
        ("weekday 09:00", Until(weekdays=(0, 1, 2, 3, 4), at=time(9))),
        ("weekend 10:00", Until(weekdays=(5, 6), at=time(10))),
        ("2026-12-24", Until(date=date(2026, 12, 24))),
        ("2026-12-24 09:00", Until(date=date(2026, 12, 24), at=time(9))),
    ],
)
def test_what_people_write_is_understood(text: str, until: Until) -> None:
    assert parse_until(text) == until


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9:00", "write a time of day like '09:00'"),
        ("24:00", "write a time of day like '09:00'"),
        ("mon 09:00", "'monday 09:00'|weekdays like"),
        ("09:00 monday", "weekdays like 'monday'"),
        ("monday, ", "weekdays like 'monday'"),
        ("24.12.2026", "a date like '2026-12-24'"),
        ("2026-02-30", "'2026-02-30' is not a day of the calendar"),
        ("0026-12-24", "is not between 2000 and 2199"),
        ("2 days", "is not a moment to wait for"),
        ("", "is not a moment to wait for"),
        (900, "is not a moment to wait for"),
        (None, "is not a moment to wait for"),
    ],
)
def test_what_is_no_moment_says_what_to_do(text: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_until(text)


@pytest.mark.parametrize(
    "impossible",
    [
        {"weekdays": (0,), "date": date(2026, 12, 24)},
        {"weekdays": (3, 0)},
        {"weekdays": (0, 0)},
        {"weekdays": (7,)},
        {"date": date(1999, 12, 31)},
        {"at": time(9, 0, 30)},
        {"at": time(9, tzinfo=UTC)},
    ],
)
def test_a_moment_that_could_not_be_written_cannot_be_made(impossible: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Until.model_validate(impossible)


# The next one ----------------------------------------------------------------------------------------------------


@thoroughly
@given(repeating, afters, zones)
@example(Until(weekdays=(4,), at=time(12)), datetime(2011, 12, 29, 12, tzinfo=UTC), "Pacific/Apia")
@example(Until(at=time(23, 30)), datetime(2025, 3, 29, 12, tzinfo=UTC), "America/Scoresbysund")
def test_the_next_moment_is_later_and_shows_on_the_clock_or_ends_a_gap(
    until: Until, after: datetime, zone: str
) -> None:
    moment = next_moment(until, after, zone)

    assert moment.tzinfo is UTC
    assert after < moment <= after + timedelta(days=8)
    assert shows(moment, until, zone) or ends_a_gap(moment, zone)


@thoroughly
@given(repeating, afters, zones, st.integers(1, 8 * 24 * 60))
def test_nothing_in_between_shows_what_was_waited_for(until: Until, after: datetime, zone: str, minutes: int) -> None:
    between = after.replace(second=0, microsecond=0) + timedelta(minutes=minutes)

    assert between >= next_moment(until, after, zone) or between <= after or not shows(between, until, zone)


@thoroughly
@given(untils, afters, st.timedeltas(timedelta(0), timedelta(days=10)), zones)
def test_who_begins_to_wait_later_is_not_done_earlier(
    until: Until, after: datetime, later: timedelta, zone: str
) -> None:
    assert next_moment(until, after, zone) <= next_moment(until, after + later, zone)


@thoroughly
@given(_dates, _clocks, afters, zones)
def test_a_date_is_waited_for_once_and_not_at_all_when_it_is_over(
    day: date, at: time, after: datetime, zone: str
) -> None:
    until = Until(date=day, at=at)

    moment = next_moment(until, after, zone)

    if moment == after:
        assert day <= after.astimezone(ZoneInfo(zone)).date()
    else:
        assert moment > after
        assert shows(moment, until, zone) or ends_a_gap(moment, zone)
    assert next_moment(until, moment, zone) - moment <= timedelta(days=1), "at most the clock's second showing"


@pytest.mark.parametrize(
    ("text", "zone", "after", "moment"),
    [
        # On a Wednesday.
        ("09:00", "UTC", "2026-07-01 08:59:59", "2026-07-01 09:00"),
        ("09:00", "UTC", "2026-07-01 09:00", "2026-07-02 09:00"),
        ("wednesday 09:00", "UTC", "2026-07-01 09:00", "2026-07-08 09:00"),
        ("monday", "UTC", "2026-07-01 09:00", "2026-07-06 00:00"),
        ("monday, thursday 09:00", "UTC", "2026-07-01 09:00", "2026-07-02 09:00"),
        ("weekday 09:00", "UTC", "2026-07-03 09:00", "2026-07-06 09:00"),
        ("weekend 10:00", "UTC", "2026-07-01 09:00", "2026-07-04 10:00"),
        ("2026-12-24", "UTC", "2026-07-01 09:00", "2026-12-24 00:00"),
        # The same clock time, on the day of another offset.
        ("09:00", "Europe/Berlin", "2026-03-28 09:00", "2026-03-29 09:00"),
        ("2026-12-24 09:00", "America/New_York", "2026-07-01 09:00", "2026-12-24 09:00"),
        # The clock goes from 02:00 to 03:00: what is not there is when the gap ends.
        ("02:30", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 03:00"),
        ("02:00", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 03:00"),
        ("02:30", "Europe/Berlin", "2026-03-29 03:00", "2026-03-30 02:30"),
        ("sunday 02:30", "America/New_York", "2026-03-07 12:00", "2026-03-08 03:00"),
        ("2026-03-08 02:30", "America/New_York", "2026-03-07 12:00", "2026-03-08 03:00"),
        # From 02:00 to 02:30.
        ("02:15", "Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-04 02:30"),
        ("02:30", "Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-04 02:30"),
        # A day that has no midnight, one whose last hour is missing, and one that was not there at all.
        ("00:00", "America/Asuncion", "2023-09-30 12:00", "2023-10-01 01:00"),
        ("saturday 23:30", "America/Scoresbysund", "2025-03-29 12:00", "2025-03-30 00:00"),
        ("friday 09:00", "Pacific/Apia", "2011-12-29 12:00", "2011-12-31 00:00"),
    ],
)
def test_the_next_moment_by_the_clock_on_the_wall(text: str, zone: str, after: str, moment: str) -> None:
    assert next_moment(parse_until(text), local(after, zone), zone) == local(moment, zone)


@pytest.mark.parametrize(
    ("text", "zone", "before", "twice"),
    [
        ("02:30", "Europe/Berlin", "2026-10-25 00:00", "2026-10-25 02:30"),
        ("01:30", "America/New_York", "2026-11-01 00:00", "2026-11-01 01:30"),
        ("2026-11-01 01:30", "America/New_York", "2026-07-01 00:00", "2026-11-01 01:30"),
        ("01:45", "Australia/Lord_Howe", "2026-04-05 00:00", "2026-04-05 01:45"),
    ],
)
def test_a_time_that_the_day_has_twice_is_the_first_or_if_that_has_passed_the_second(
    text: str, zone: str, before: str, twice: str
) -> None:
    until, first, second = parse_until(text), local(twice, zone), local(twice, zone, fold=1)
    assert first < second

    assert next_moment(until, local(before, zone), zone) == first
    assert next_moment(until, first, zone) == second
    assert next_moment(until, second, zone) > second or until.date


def test_a_date_that_is_over_is_not_waited_for() -> None:
    now = datetime(2027, 1, 1, 12, 30, tzinfo=UTC)

    assert next_moment(parse_until("2026-12-24 09:00"), now, "Europe/Berlin") == now
    assert next_moment(parse_until("2027-01-01"), now, "Europe/Berlin") == now


def test_the_answer_is_the_same_whatever_zone_the_question_is_put_in() -> None:
    after = datetime(2026, 7, 1, 12, tzinfo=UTC)

    for zone in ZONES:
        asked = next_moment(parse_until("09:00"), after.astimezone(ZoneInfo(zone)), "America/New_York")
        assert asked == datetime(2026, 7, 1, 13, tzinfo=UTC)
