"""The check before every message: it never says go when any fact forbids (promise P3)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.delivery.residence import Residence
from activities.delivery.sending_hours import next_lawful
from activities.delivery.verdict import Go, MessageFacts, judge
from schemas.document.alert_types.vocabulary import AlertEvent, AlertType
from schemas.journey.outcome import AfterRefusal, Deferred, Refused
from schemas.reasons import Reason

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
RESIDENCES = [
    Residence("US", "TX", ("America/Chicago",)),
    Residence("US", None, ("America/New_York",)),
    Residence("FR", None, ("Europe/Paris",)),
    Residence("DE", None, ("Europe/Berlin",)),
]
ALL_WELL = MessageFacts(
    event=AlertEvent.ALERT,
    type=AlertType.BACK_IN_STOCK,
    paused=None,
    filtered=False,
    bought=False,
    draft=False,
    left=None,
    erased=False,
    consented=True,
    suppressed=False,
    on_sale=True,
    claim="given",
    in_stock=True,
)

_times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0)) | st.sampled_from(
    [time(hour, minute) for hour in (0, 1, 2, 3, 23) for minute in (0, 15, 30, 45)]
)
moments = st.timedeltas(timedelta(0), timedelta(days=4380)).map(lambda age: datetime(2020, 1, 1, tzinfo=UTC) + age)
around_a_change_of_clocks = st.tuples(
    st.sampled_from(
        [
            datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin, forward
            datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin, back
            datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York, forward
            datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York, back
            datetime(2026, 9, 6, 4, tzinfo=UTC),  # Santiago, forward at midnight
            datetime(2026, 4, 5, 3, tzinfo=UTC),  # Santiago, back at midnight
            datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, back by half an hour
        ]
    ),
    st.integers(-180, 180),
).map(lambda drawn: drawn[0] + timedelta(minutes=drawn[1]))


@st.composite
def any_facts(draw: st.DrawFn) -> MessageFacts:
    quiet = draw(st.booleans())
    return MessageFacts(
        event=draw(st.none() | st.sampled_from(AlertEvent)),
        type=draw(st.none() | st.sampled_from(AlertType)),
        already_sent=draw(st.booleans()),
        paused=draw(st.sampled_from([None, Reason.ALERT_PAUSED, Reason.CONVERSATION_PAUSED])),
        filtered=draw(st.booleans()),
        bought=draw(st.booleans()),
        same_currency=draw(st.booleans()),
        measure=draw(st.none() | st.decimals(0, 10, places=1)),
        trigger=draw(st.none() | st.decimals(0, 10, places=1)),
        draft=draw(st.booleans()),
        left=draw(st.none() | st.sampled_from([Reason.CANCELLED, Reason.WINDOW_ENDED, Reason.DISCONTINUED])),
        erased=draw(st.booleans()),
        consented=draw(st.booleans()),
        suppressed=draw(st.booleans()),
        on_sale=draw(st.booleans()),
        claim=draw(st.sampled_from(("given", "used", "lapsed", None))),
        in_stock=draw(st.booleans()),
        time_zone=draw(st.sampled_from(ZONES)),
        quiet_from=draw(_times) if quiet else None,
        quiet_until=draw(_times) if quiet else None,
        unreachable=draw(st.booleans()),
        beside=draw(st.booleans()),
        lives_in=draw(st.none() | st.sampled_from(RESIDENCES)),
    )


def _is_quiet(facts: MessageFacts, now: datetime) -> bool:
    """By the clock on the wall, minute by minute: the plainest way to say it."""
    starts, ends = facts.quiet_from, facts.quiet_until
    if starts is None or ends is None:
        return False
    wall = now.astimezone(ZoneInfo(facts.time_zone)).time().replace(fold=0)
    return starts <= wall < ends if starts <= ends else not ends <= wall < starts


@settings(max_examples=500, deadline=None)
@given(any_facts(), moments)
def test_a_message_goes_only_when_no_fact_forbids_it(facts: MessageFacts, now: datetime) -> None:
    farewell = facts.event is AlertEvent.DISCONTINUED and facts.left is Reason.DISCONTINUED
    about_them = (facts.left is not None and not farewell) or facts.erased
    about_them = about_them or facts.unreachable or not facts.consented or facts.suppressed
    about_the_product = facts.type is None and (facts.bought or not facts.on_sale or not facts.in_stock)
    about_the_offer = (facts.type is not None and facts.event in (AlertEvent.ALERT, AlertEvent.FOLLOW_UP)) and (
        facts.bought
        or not facts.same_currency
        or facts.filtered
        or not facts.on_sale
        or facts.claim in (None, "lapsed")
        or not facts.in_stock
        or (facts.trigger is not None and (facts.measure is None or facts.measure > facts.trigger))
    )
    about_it = about_the_product or about_the_offer
    forbidden = about_them or facts.draft or facts.already_sent or facts.paused is not None or about_it
    forbidden = forbidden or _is_quiet(facts, now)
    forbidden = forbidden or (facts.lives_in is not None and next_lawful(facts.lives_in, now) > now)
    assert isinstance(judge(facts, now), Go) == (not forbidden)


def test_a_text_message_waits_for_the_hours_of_where_its_contact_lives_and_then_for_the_lists() -> None:
    """Both are asked at every check, so what wakes in one's quiet hours waits for those, too."""
    texan = replace(ALL_WELL, lives_in=RESIDENCES[0], time_zone="America/Chicago")
    sunday = datetime(2026, 12, 6, 10, tzinfo=ZoneInfo("America/Chicago"))
    noon = sunday.replace(hour=12)
    assert judge(texan, sunday) == Deferred(until=noon, reason=Reason.UNLAWFUL_HOUR)
    assert judge(texan, noon) == Go()
    quiet = replace(texan, quiet_from=time(11), quiet_until=time(13))
    assert judge(quiet, noon) == Deferred(until=sunday.replace(hour=13), reason=Reason.QUIET_HOURS)


@pytest.mark.parametrize("lacks", [{"unreachable": True}, {"consented": False}, {"suppressed": True}])
def test_what_a_channel_lacks_passes_over_the_message_where_another_speaks_too(lacks: dict[str, bool]) -> None:
    alone, beside = replace(ALL_WELL, **lacks), replace(ALL_WELL, beside=True, **lacks)
    for facts, then in ((alone, AfterRefusal.LEAVE), (beside, AfterRefusal.GO_ON)):
        verdict = judge(facts, NOON)
        assert isinstance(verdict, Refused)
        assert verdict.then is then
    erased = judge(replace(beside, erased=True), NOON)
    assert erased == Refused(reason=Reason.ERASED, then=AfterRefusal.LEAVE)


@settings(max_examples=500, deadline=None)
@given(any_facts(), moments)
def test_quiet_hours_defer_only_when_nothing_else_forbids(facts: MessageFacts, now: datetime) -> None:
    verdict = judge(facts, now)
    at_another_hour = judge(replace(facts, quiet_from=None, quiet_until=None), now)
    if isinstance(verdict, Deferred) and verdict.reason is Reason.QUIET_HOURS:
        assert at_another_hour == Go()
        assert _is_quiet(facts, now)
    else:
        assert verdict == at_another_hour


@settings(max_examples=1000, deadline=None)
@given(_times, _times, st.sampled_from(ZONES), moments | around_a_change_of_clocks)
def test_a_deferred_message_may_go_at_the_moment_it_was_deferred_to(
    starts: time, ends: time, zone: str, now: datetime
) -> None:
    """And not before: every minute until then is quiet.

    In the night the clocks change, an end that they leave out makes the quiet last, and a beginning that comes twice is
    passed over; time goes on all the same.
    """
    facts = replace(ALL_WELL, time_zone=zone, quiet_from=starts, quiet_until=ends)
    verdict = judge(facts, now)
    if isinstance(verdict, Deferred):
        assert now < verdict.until <= now + timedelta(hours=25)
        if _offset(now, zone) == _offset(verdict.until, zone):
            assert judge(facts, verdict.until) == Go()
            minutes = int((verdict.until - now) / timedelta(minutes=1))
            assert all(_is_quiet(facts, now + timedelta(minutes=minute)) for minute in range(0, minutes, 7))


def _offset(moment: datetime, zone: str) -> timedelta | None:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


@settings(max_examples=300, deadline=None)
@given(any_facts(), moments)
def test_a_refusal_says_what_becomes_of_the_place(facts: MessageFacts, now: datetime) -> None:
    """Who was told keeps their place and walks on; who was not goes back in line or makes room for the next."""
    match judge(facts, now):
        case Refused(then=AfterRefusal.BACK_IN_LINE, reason=reason):
            assert facts.claim != "used"
            assert facts.type is not None, "without an alert there is no line"
            assert reason in {
                Reason.SOLD_OUT_AGAIN,
                Reason.INACTIVE,
                Reason.PRICE_BACK_UP,
                Reason.NOT_LOW_ANY_MORE,
            }
        case Refused(then=AfterRefusal.GO_ON, reason=reason):
            passing = reason in {Reason.MESSAGE_DRAFT, Reason.ALREADY_SAID}
            missing = facts.beside and reason in {Reason.NO_ADDRESS, Reason.NO_CONSENT, Reason.SUPPRESSED}
            assert passing or missing or facts.claim in ("used", "lapsed") or facts.type is None
        case Refused(then=AfterRefusal.LEAVE):
            missing = facts.unreachable or not facts.consented or facts.suppressed
            about_them = facts.left or facts.erased or (missing and not facts.beside)
            assert about_them or facts.bought or facts.filtered or not facts.same_currency
        case _:
            pass


@pytest.mark.parametrize("claim", ["given", "used"])
def test_the_reason_on_record_is_the_one_that_waiting_would_not_cure(claim: Literal["given", "used"]) -> None:
    at_night = replace(ALL_WELL, claim=claim, quiet_from=time(11), quiet_until=time(13))
    assert judge(at_night, NOON) == Deferred(until=NOON + timedelta(hours=1), reason=Reason.QUIET_HOURS)
    then = AfterRefusal.GO_ON if claim == "used" else AfterRefusal.BACK_IN_LINE
    sold_out = replace(at_night, in_stock=False)
    assert judge(sold_out, NOON) == Refused(reason=Reason.SOLD_OUT_AGAIN, then=then)
    off_sale = replace(sold_out, on_sale=False)
    assert judge(off_sale, NOON) == Refused(reason=Reason.INACTIVE, then=then)
    draft = replace(off_sale, draft=True)
    assert judge(draft, NOON) == Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON)
    suppressed = replace(draft, suppressed=True)
    assert judge(suppressed, NOON) == Refused(reason=Reason.SUPPRESSED, then=AfterRefusal.LEAVE)
    no_consent = replace(suppressed, consented=False)
    assert judge(no_consent, NOON) == Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE)
    erased = replace(no_consent, erased=True)
    assert judge(erased, NOON) == Refused(reason=Reason.ERASED, then=AfterRefusal.LEAVE)
    left = replace(erased, left=Reason.CANCELLED)
    assert judge(left, NOON) == Refused(reason=Reason.CANCELLED, then=AfterRefusal.LEAVE)


def test_quiet_hours_that_begin_when_they_end_are_none() -> None:
    assert judge(replace(ALL_WELL, quiet_from=time(12), quiet_until=time(12)), NOON) == Go()


def test_the_hour_that_comes_twice_is_quiet_until_its_second_end() -> None:
    """Clocks in Berlin go back from three to two: at the second 02:15, 02:30 lies ahead, not behind."""
    facts = replace(ALL_WELL, time_zone="Europe/Berlin", quiet_from=time(21), quiet_until=time(2, 30))
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert judge(facts, second) == Deferred(until=second + timedelta(minutes=15), reason=Reason.QUIET_HOURS)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"bought": True, "on_sale": False}, Refused(reason=Reason.PURCHASED, then=AfterRefusal.LEAVE)),
        ({"on_sale": False, "in_stock": False}, Refused(reason=Reason.INACTIVE, then=AfterRefusal.GO_ON)),
        ({"in_stock": False}, Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.GO_ON)),
        ({"consented": False, "bought": True}, Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE)),
        ({"left": Reason.GOAL_REACHED}, Refused(reason=Reason.GOAL_REACHED, then=AfterRefusal.LEAVE)),
    ],
)
def test_without_an_alert_what_is_not_true_of_the_product_is_left_out_and_the_walk_goes_on(
    change: dict[str, Any], refused: Refused
) -> None:
    general = replace(ALL_WELL, type=None, event=None, claim=None)
    assert judge(general, NOON) == Go()
    assert judge(replace(general, **change), NOON) == refused
