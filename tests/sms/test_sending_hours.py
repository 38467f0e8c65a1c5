"""The hours of text messages: by the wall clock where a contact lives, and put off to the first minute allowed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.delivery.residence import Residence, find_state, residence, states
from activities.delivery.sending_hours import all_hours, next_lawful

RHODE_ISLAND, TEXAS, PARIS = "+14012345678", "+12145550123", "+33612345678"


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("phone", "now", "allowed", "zone"),
    [
        # Rhode Island: 9 to 18, at weekends 10 to 17.
        (RHODE_ISLAND, "2026-12-01 08:59", "2026-12-01 09:00", "America/New_York"),
        (RHODE_ISLAND, "2026-12-01 09:00", "2026-12-01 09:00", "America/New_York"),
        (RHODE_ISLAND, "2026-12-01 17:59", "2026-12-01 17:59", "America/New_York"),
        (RHODE_ISLAND, "2026-12-01 18:00", "2026-12-02 09:00", "America/New_York"),
        (RHODE_ISLAND, "2026-12-04 18:30", "2026-12-05 10:00", "America/New_York"),
        (RHODE_ISLAND, "2026-12-05 17:00", "2026-12-06 10:00", "America/New_York"),
        # Texas on a Sunday: from noon.
        (TEXAS, "2026-12-06 09:30", "2026-12-06 12:00", "America/Chicago"),
        (TEXAS, "2026-12-06 12:00", "2026-12-06 12:00", "America/Chicago"),
        (TEXAS, "2026-12-05 21:00", "2026-12-06 12:00", "America/Chicago"),
        (TEXAS, "2026-12-07 09:00", "2026-12-07 09:00", "America/Chicago"),
        # Paris: 8 to 21:30, and not on Sundays.
        (PARIS, "2026-12-01 21:29", "2026-12-01 21:29", "Europe/Paris"),
        (PARIS, "2026-12-01 21:31", "2026-12-02 08:00", "Europe/Paris"),
        (PARIS, "2026-12-05 21:31", "2026-12-07 08:00", "Europe/Paris"),
        (PARIS, "2026-12-25 10:00", "2026-12-25 10:00", "Europe/Paris"),
        # A country without a rule.
        ("+4915123456789", "2026-12-06 03:00", "2026-12-06 03:00", "Europe/Berlin"),
    ],
)
def test_a_message_waits_for_the_first_minute_that_is_allowed(phone: str, now: str, allowed: str, zone: str) -> None:
    assert next_lawful(residence({}, phone), local(now, zone)) == local(allowed, zone)


def test_a_state_that_is_closed_on_holidays_is_so_and_others_are_not() -> None:
    alabama, ohio = Residence("US", "AL", ("America/Chicago",)), Residence("US", "OH", ("America/New_York",))
    christmas = local("2026-12-25 12:00", "America/Chicago")
    assert next_lawful(alabama, christmas) == local("2026-12-26 08:00", "America/Chicago")
    assert next_lawful(ohio, christmas) == christmas


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        # The clocks of New York go forward on 8 March 2026 and back on 1 November: the wall clock decides.
        ("2026-03-07 17:30", "2026-03-08 10:00"),
        ("2026-10-31 17:30", "2026-11-01 10:00"),
    ],
)
def test_a_wait_across_a_change_of_clocks_ends_by_the_wall_clock(now: str, allowed: str) -> None:
    zone = "America/New_York"
    until = next_lawful(residence({}, RHODE_ISLAND), local(now, zone))
    assert until == local(allowed, zone)
    hours = (until - local(now, zone).astimezone(UTC)) / timedelta(hours=1)
    assert hours == (15.5 if now.startswith("2026-03") else 17.5)


def test_the_night_the_clocks_change_in_paris_ends_at_eight() -> None:
    saturday = local("2026-10-24 22:00", "Europe/Paris")
    assert next_lawful(residence({}, PARIS), saturday) == local("2026-10-26 08:00", "Europe/Paris")


def test_where_the_state_is_not_known_all_of_the_country_hold() -> None:
    """On weekdays from 10 to 18, on Saturdays from 10 to 17, on Sundays not; in all zones of the country at once."""
    unknown = Residence("US", None, ("America/New_York",))
    for now, allowed in (
        ("2026-12-01 09:59", "2026-12-01 10:00"),
        ("2026-12-01 18:00", "2026-12-02 10:00"),
        ("2026-12-05 09:00", "2026-12-05 10:00"),
        ("2026-12-05 17:00", "2026-12-07 10:00"),
    ):
        assert next_lawful(unknown, local(now, "America/New_York")) == local(allowed, "America/New_York")
    anywhere = residence({"country": "US"}, PARIS)
    from_new_york_to_hawaii = next_lawful(anywhere, local("2026-12-01 00:00", "UTC"))
    assert from_new_york_to_hawaii == local("2026-12-01 10:00", "America/Adak")


def test_a_row_that_is_not_sure_holds_for_its_own_state_alone() -> None:
    pennsylvania = Residence("US", "PA", ("America/New_York",))
    saturday = local("2026-12-05 12:00", "America/New_York")
    assert next_lawful(pennsylvania, saturday) == local("2026-12-07 08:00", "America/New_York")
    assert next_lawful(Residence("US", None, ("America/New_York",)), saturday) == saturday


@pytest.mark.parametrize(
    ("attributes", "phone", "expected"),
    [
        ({}, RHODE_ISLAND, ("US", "RI", ("America/New_York",))),
        ({"region": "TX"}, RHODE_ISLAND, ("US", "TX", ("America/Chicago", "America/Denver"))),
        ({"region": "TX"}, TEXAS, ("US", "TX", ("America/Chicago",))),
        ({"country": "us", "region": "Texas"}, PARIS, ("US", "TX", ("America/Chicago", "America/Denver"))),
        ({"billing_region": "US-CT"}, RHODE_ISLAND, ("US", "CT", ("America/New_York",))),
        ({"region": "NJ", "billing_region": "CT"}, RHODE_ISLAND, ("US", "NJ", ("America/New_York",))),
        ({"country": "FR"}, RHODE_ISLAND, ("FR", None, ("Europe/Paris",))),
        ({"time_zone": "america/phoenix"}, RHODE_ISLAND, ("US", "RI", ("America/Phoenix",))),
        ({"country": 7, "region": True, "time_zone": "Mars"}, RHODE_ISLAND, ("US", "RI", ("America/New_York",))),
        ({"region": "Île-de-France"}, PARIS, ("FR", None, ("Europe/Paris",))),
    ],
)
def test_where_somebody_lives_says_the_address_the_bill_and_then_the_area_code(
    attributes: dict[str, object], phone: str, expected: tuple[str, str | None, tuple[str, ...]]
) -> None:
    assert residence(attributes, phone) == Residence(*expected)


def test_every_zone_and_row_of_the_data_is_of_use() -> None:
    assert len(states()) == 51
    for state in states().values():
        assert [ZoneInfo(zone).key for zone in state.zones] == [*state.zones]
        assert find_state(state.name.lower()) == find_state(f"us-{state.code.lower()}") == state.code
    for region, rows in all_hours().items():
        assert region in ("US", "FR") or region.removeprefix("US-") in states()
        assert all(each.opens < each.closes and each.days for each in rows)


anybody = st.one_of(
    st.sampled_from([Residence("US", each.code, each.zones) for each in states().values()]),
    st.just(Residence("US", None, ("America/New_York", "America/Los_Angeles"))),
    st.just(Residence("FR", None, ("Europe/Paris",))),
    st.just(Residence("DE", None, ("Europe/Berlin",))),
)
moments = st.integers(0, 60 * 24 * 700).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n))


@settings(deadline=None)
@given(anybody, moments)
def test_the_moment_is_allowed_and_none_before_it_is(lives_in: Residence, now: datetime) -> None:
    until = next_lawful(lives_in, now)
    assert now <= until <= now + timedelta(days=5)
    assert next_lawful(lives_in, until) == until
    if until > now:
        halfway = now + (until - now) / 2
        assert next_lawful(lives_in, halfway) == until


@settings(deadline=None)
@given(anybody, moments)
def test_nobody_in_the_united_states_hears_anything_at_night(lives_in: Residence, now: datetime) -> None:
    if lives_in.country == "US":
        until = next_lawful(lives_in, now)
        for zone in lives_in.zones:
            assert time(8) <= until.astimezone(ZoneInfo(zone)).time() < time(21)
