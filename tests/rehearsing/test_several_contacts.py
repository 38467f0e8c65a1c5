"""Several contacts of one scenario stand in a line as in the shop, on one clock, each with a path of their own."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.waitlist.allocation import Episode, Supply, observe, observe_supply, share_of
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.scenarios import ScenarioSection
from schemas.reasons import Ending, Reason
from starter.documents import check, load_document
from starter.rehearsing.expecting import find_unmet_expectations
from starter.rehearsing.run import Rehearsed, RunTester
from tests.documents.starters import BACK, LOW, PRICE, line_of
from tests.story.documents import back, programme

EARLIER = [{"name": "ann", "before": "2 hours"}, {"name": "ben", "before": "1 hour"}]
LATER = [{"name": "cleo", "after": "1 hour"}, {"name": "dora", "after": "2 hours"}]
EVERYBODY = [*EARLIER, *LATER]
"""With somebody, who enters between them."""


def _document(**terms: object) -> ConversationDocument:
    return programme("back", back(**terms))


def _live(document: ConversationDocument | str, **scenario: Any) -> Rehearsed:
    if isinstance(document, str):
        document = load_document(document, "f.yaml")
    return RunTester(document).run(ScenarioSection.model_validate({"name": "S", "others": EVERYBODY, **scenario}))


def _at(day: int, **what: object) -> dict[str, object]:
    return {"after": f"{day} days", **what}


def _why(rehearsed: Rehearsed) -> dict[str, Reason]:
    return {each.name: each.not_told for each in rehearsed.everyone if each.not_told is not None}


def test_who_waited_longest_is_told_first_and_no_more_of_them_than_there_are_units() -> None:
    rehearsed = _live(_document(), happens=[_at(1, stock=3)])
    assert rehearsed.told == ("ann", "ben", "somebody")
    assert _why(rehearsed) == {"cleo": Reason.NOT_NEXT_IN_LINE, "dora": Reason.NOT_NEXT_IN_LINE}
    assert {each.name: each.path.ending for each in rehearsed.everyone} == {
        "somebody": Ending.COMPLETED,
        "ann": Ending.COMPLETED,
        "ben": Ending.COMPLETED,
        "cleo": Ending.EXPIRED,
        "dora": Ending.EXPIRED,
    }


@pytest.mark.parametrize(("order", "places"), [("first-in-first-out", "1 2 3 4"), ("first-in-last-out", "1 1 1 1")])
def test_a_message_tells_each_contact_their_own_place_in_line_and_price(order: str, places: str) -> None:
    document = programme("back", back(order=order), AlertEvent.SUBSCRIPTION, currency="EUR")
    message = document.messages["subscription"].model_copy(
        update={"text": "{{ wait.place }} at {{ wait.price|money }}, {{ variant.units }} left"}
    )
    document = document.model_copy(update={"messages": {**document.messages, "subscription": message}})
    rehearsed = _live(document, happens=[{"after": "90 minutes", "price": "7.50"}])
    said = {each.name: each.messages[0].rendered.text.strip() for each in rehearsed.everyone}
    prices = {"ann": "before", "ben": "before", "somebody": "before", "cleo": "before", "dora": "after"}
    before = said["somebody"].split(" at ")[1]
    assert said["dora"].split(" at ")[1] == "€7.50, 0 left" != before
    assert {name for name, text in said.items() if text.endswith(before)} == prices.keys() - {"dora"}
    assert " ".join(said[name].split(" at ")[0] for name in ("ann", "ben", "somebody", "cleo")) == places


def test_the_newest_come_first_where_the_alert_says_so() -> None:
    rehearsed = _live(_document(order="first-in-last-out"), happens=[_at(1, stock=3)])
    assert rehearsed.told == ("dora", "cleo", "somebody")


def test_who_enters_at_the_same_moment_stands_behind_the_scenarios_contact_in_the_order_written() -> None:
    others = [{"name": "ann"}, {"name": "ben", "after": "0 seconds"}, {"name": "cleo", "enters": "2026-03-02 09:00"}]
    assert _live(_document(), others=others, happens=[_at(1, stock=3)]).told == ("somebody", "ann", "ben")


@pytest.mark.parametrize(
    ("terms", "stock", "told"),
    [
        ({"contacts_per_unit": 2}, 2, 4),
        ({"contacts_per_unit": "all"}, 1, 5),
        ({"units_per_contact": 2}, 5, 2),
        ({"quantity_threshold": 3}, 2, 0),
        ({"quantity_threshold": 3}, 3, 3),
        ({"level": "product"}, 2, 2),
    ],
)
def test_how_many_are_told_follows_from_the_terms(terms: dict[str, object], stock: int, told: int) -> None:
    assert len(_live(_document(**terms), happens=[_at(1, stock=stock)]).told) == told


def test_the_place_of_one_who_may_not_be_written_to_passes_to_the_next_at_once() -> None:
    unwilling = _live(
        _document(), happens=[_at(1, who="ann", consent=False), _at(1, who="ben", ordered=True), _at(2, stock=2)]
    )
    assert unwilling.told == ("somebody", "cleo")
    assert {each.told_at for each in unwilling.everyone if each.told_at} == {
        unwilling.entrance.at + timedelta(days=2),
    }
    assert _why(unwilling) == {
        "ann": Reason.NO_CONSENT,
        "ben": Reason.PURCHASED,
        "dora": Reason.NOT_NEXT_IN_LINE,
    }


def test_who_was_told_by_another_alert_gives_way_to_the_next() -> None:
    told = _live(
        _document(), happens=[_at(1, stock=1), _at(1, who="ann", told_already=True), _at(2, who="ben", ordered=True)]
    )
    assert told.told == ("ben",)
    assert told.of("ann").not_told is Reason.TOLD_ALREADY


def test_an_offer_that_nobody_takes_up_passes_on_and_one_that_was_taken_up_does_not() -> None:
    document = _document(offer_lapses_after="24 hours")
    lapses = _live(document, happens=[_at(1, stock=2), {"after": "30 hours", "who": "ben", "ordered": True}])
    assert lapses.told == ("ann", "ben", "somebody", "cleo", "dora")
    assert [each.told_at - lapses.entrance.at for each in lapses.everyone if each.told_at] == [
        timedelta(days=2),
        timedelta(days=1),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=4),
    ]


def test_units_that_were_there_and_promised_do_not_arrive_anew() -> None:
    off_and_on = [_at(day, on_sale=on_sale) for day, on_sale in ((2, False), (3, True), (4, False), (5, True))]
    assert _live(_document(), happens=[_at(1, stock=1), *off_and_on]).told == ("ann",)
    assert _live(_document(), happens=[_at(1, stock=1), _at(2, stock=0), _at(3, stock=1)]).told == ("ann", "ben")


def test_sold_out_before_the_morning_they_keep_their_places_and_the_first_is_told_the_next_time() -> None:
    document = programme("back", back(), quiet_hours={"from": "21:00", "until": "08:00"})
    night = [{"at": "2026-03-03 23:00", "stock": 2}, {"at": "2026-03-04 06:00", "stock": 0}, _at(5, stock=1)]
    rehearsed = _live(document, happens=night)
    assert rehearsed.told == ("ann",)
    assert [entry.step for entry in rehearsed.of("ben").path.entries].count("waiting-list") == 2


def test_each_waits_for_their_own_bound() -> None:
    """The price that somebody entered at decides when they are told, not their place in line."""
    others = [{"name": "late", "after": "2 days"}]
    happens = [_at(1, price=80), _at(3, price=72), _at(4, price=89), _at(5, price=70)]
    cheaper = _live(
        PRICE.replace("drops_by: 10%", "drops_by: 15%"), product={"price": 100}, others=others, happens=happens
    )
    assert [(each.name, each.told_at) for each in cheaper.everyone] == [
        ("somebody", cheaper.entrance.at + timedelta(days=1)),
        ("late", None),
    ]


def test_whoever_came_when_it_was_low_already_is_told_once_it_falls_that_low_from_above() -> None:
    late: dict[str, Any] = {"product": {"units": 9}, "others": [{"name": "late", "after": "2 days"}]}
    assert _live(LOW, **late, happens=[_at(1, stock=2), _at(4, stock=1)]).told == ("somebody",)
    up_and_down = [_at(1, stock=2), _at(3, stock=8), _at(4, stock=2)]
    assert _live(LOW, **late, happens=up_and_down).told == ("somebody", "late")


def test_who_is_not_entered_is_on_record_beside_those_who_are() -> None:
    document = programme("back", back(action="browse", profile_filter={"contact.tags": {"contains": "vip"}}))
    vip = {"tags": ["vip"]}
    others = [{"name": "ann", "profile": vip}, {"name": "ben", "after": "2 days", "profile": vip}]
    rehearsed = _live(document, others=others, happens=[_at(1, stock=1)])
    assert rehearsed.told == ("ann",)
    assert _why(rehearsed) == {"somebody": Reason.FILTERED, "ben": Reason.IN_STOCK}


def test_everyone_goes_through_the_whole_conversation_by_themselves() -> None:
    """The starter's reminder: whoever bought gets none, whoever did not does."""
    rehearsed = _live(
        BACK, others=[{"name": "ann", "after": "1 hour"}], happens=[_at(3, stock=5), _at(4, who="ann", ordered=True)]
    )
    assert [each.message for each in rehearsed.messages] == ["it-is-back", "still-here"]
    assert [each.message for each in rehearsed.of("ann").messages] == ["it-is-back"]
    assert rehearsed.of("ann").path.reason is Reason.PURCHASED


def _unmet(*expect: dict[str, object], **scenario: Any) -> list[str]:
    happens: list[dict[str, object]] = [_at(1, stock=2), _at(1, who="ann", consent=False)]
    rehearsed = _live(_document(), expect=expect, **({"happens": happens} | scenario))
    return [each.message for each in find_unmet_expectations(rehearsed, ())]


def test_who_is_told_and_who_is_not_can_be_expected() -> None:
    assert _unmet({"told": ["ben", "somebody"]}, {"not_told": "ann", "reason": "no_consent"}) == []
    assert _unmet({"not_told": "cleo"}, {"not_told": "dora", "reason": "not_next_in_line"}) == []
    assert _unmet({"who": "ben", "sends": "alert", "after": "1 day"}, {"who": "ben", "ends": "completed"}) == []
    assert _unmet({"told": []}, happens=[]) == []
    assert _unmet({"not_told": "ann", "reason": "window_ended"}, happens=[]) == []


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"told": ["somebody", "ben"]}, "expected somebody, ben told, in this order, got ben, somebody told; "),
        ({"told": ["ann"]}, "ann is not, for: The contact has not agreed to be written to (no_consent)"),
        ({"not_told": "ben"}, "expected ben not told, got ben told at 2026-03-03 09:00 (1 day after entering)"),
        ({"not_told": "cleo", "reason": "no_consent"}, "got cleo not told (not_next_in_line)"),
        ({"who": "ben", "ends": "expired"}, "expected of ben: expired, got completed at 2026-03-03 09:00"),
        ({"who": "ben", "ends": "completed"}, "expected no other message, got 'alert' sent to ben at 2026-03-03 09:00"),
    ],
)
def test_what_went_otherwise_is_told_of_whom(expected: dict[str, object], told: str) -> None:
    assert any(told in each for each in _unmet(expected)), _unmet(expected)


OTHERS = """
    others:
      - name: ann
        before: 2 days
      - name: ben
        after: 1 hour
"""


@pytest.mark.parametrize(
    ("right", "wrong", "path", "told"),
    [
        ("- name: ben", "- name: ann", "scenarios[0].others[1].name", "'ann' is the name of another contact"),
        ("- name: ben", "- name: somebody", "scenarios[0].others[1].name", "'somebody' is the name of another contact"),
        ("- name: ben", "- nme: ben", "scenarios[0].others[1].nme", "Did you mean 'name'?"),
        ("before: 2 days", "before: 2 days\n        after: 1 day", "scenarios[0].others[0]", "three ways to say when"),
        ("before: 2 days", "alert: back", "scenarios[0].others[0].alert", "there is no alert 'back'"),
        ("before: 2 days", "profile: {id: anna}", "scenarios[0].others[0].profile.id", "there is no field 'id' here"),
        (
            "before: 2 days",
            "profile: {conset: true}",
            "scenarios[0].others[0].profile.conset",
            "Did you mean 'consent'?",
        ),
        ("before: 2 days", "profile: {time_zone: Bern}", "scenarios[0].others[0].profile.time_zone", "not a time zone"),
        ("stock: 5", "stock: 5\n        who: ann", "scenarios[0].happens[0]", "'who' goes with ordered, event"),
        ("stock: 5", "ordered: true\n        who: anne", "scenarios[0].happens[0].who", "Did you mean 'ann'?"),
        (
            "after: 3 days\n        stock",
            "at: 2026-02-28 08:59\n        stock",
            "scenarios[0].happens[0].at",
            "before anybody enters (2026-02-28 09:00)",
        ),
        (
            "- sends: it-is-back",
            "- who: cleo\n        sends: it-is-back",
            "scenarios[0].expect[0].who",
            "no contact of this scenario named 'cleo'",
        ),
        (
            "- sends: it-is-back\n        after: 3 days",
            "- told: [ann, cleo]",
            "scenarios[0].expect[0].told[1]",
            "no contact of this scenario named 'cleo'",
        ),
        (
            "- sends: it-is-back\n        after: 3 days",
            "- not_told: cleo",
            "scenarios[0].expect[0].not_told",
            "no contact of this scenario named 'cleo'",
        ),
        ("- ends: completed", "- told: [ann]\n        who: ann", "scenarios[0].expect[2]", "Remove 'who'"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("scenarios[") else "",
)
def test_a_slip_about_the_others_is_explained_where_it_is(right: str, wrong: str, path: str, told: str) -> None:
    text = BACK.replace("    happens:\n", OTHERS.lstrip("\n") + "    happens:\n", 1)
    assert check(text, "f.yaml").diagnostics == ()
    text = text.replace(right, wrong, 1)
    found = {each.path: f"{each.message}. {each.advice}" for each in check(text, "f.yaml").diagnostics}
    assert told in found[path]


def test_a_scenario_with_others_is_held_to_what_it_expects_by_line() -> None:
    text = BACK.replace("    happens:\n", OTHERS.lstrip("\n") + "    happens:\n", 1).replace(
        "- sends: it-is-back", "- told: [somebody]\n      - sends: it-is-back", 1
    )
    (difference,) = check(text, "f.yaml").differences
    assert difference.path == "scenarios[0].expect[0].told"
    assert difference.line == line_of(text, "- told: [somebody]")


def test_without_an_alert_there_is_no_line_for_others() -> None:
    talk = programme("back", back()).model_copy(update={"alerts": {}})
    text = talk.model_dump_json(by_alias=True, exclude_none=True).replace('"on":"back.alert"', '"on":"custom.quiz"')
    text = text.replace('"scenarios":[]', '"scenarios":[{"name":"S","others":[{"name":"ann"}]}]')
    (diagnostic,) = check(text, "f.json").diagnostics
    assert diagnostic.path == "scenarios[0].others"
    assert "no line that others could stand in" in diagnostic.message


def test_there_are_only_so_many_people_in_the_scenarios_of_a_document() -> None:
    crowd = "".join(f"\n      - name: p{number}" for number in range(20))
    many = "".join(f"\n  - name: S{number}\n    others:{crowd}" for number in range(6))
    (diagnostic,) = check(BACK[: BACK.index("\nscenarios:")] + "\nscenarios:" + many, "f.yaml").diagnostics
    assert diagnostic.path == "scenarios[5].others"
    assert "more than 100 others in all" in diagnostic.message


def _hour(change: tuple[int, int]) -> int:
    return change[0]


HOURS = st.integers(min_value=0, max_value=60)
PER_UNIT = st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)])


def _by_allocation(
    entering: list[int], units: list[tuple[int, int]], terms: tuple[int, int], threshold: int, *, newest: bool
) -> list[str]:
    """Who is told of a line by the arithmetic alone: everybody may be written to, and has been before anything else
    happens. Units change at half past."""
    per_unit, each_takes = terms
    share = share_of(per_unit, each_takes)
    supply = Supply()
    episode: Episode | None = None
    waiting: list[str] = []
    told: list[str] = []
    arrivals = [(hour, 0, f"p{number}") for number, hour in enumerate(entering)]
    for _, _, what in sorted(
        [*arrivals, *((hour, 1 + at, count) for at, (hour, count) in enumerate(units))], key=_when
    ):
        if isinstance(what, str):
            waiting.append(what)
        else:
            supply = observe_supply(supply, what)
            episode = observe(episode, what, max(threshold, each_takes), per_unit, units_per_contact=each_takes)
            episode = None if episode is None or episode.over else episode
        while waiting and episode is not None and min(_places(episode), supply.places(share)) > 0:
            told.append(waiting.pop(-1 if newest else 0))
            episode = replace(episode, claimed=episode.claimed + 1)
            supply = replace(supply, taken=supply.taken + share)
    return told


def _when(each: tuple[int, int, str | int]) -> tuple[int, int]:
    return each[0], each[1]


def _places(episode: Episode) -> int:
    places = episode.places
    assert places is not None
    return places


@given(
    st.lists(HOURS, min_size=1, max_size=8),
    st.lists(st.tuples(HOURS, st.integers(min_value=0, max_value=6)), max_size=6, unique_by=_hour),
    PER_UNIT,
    st.integers(min_value=1, max_value=3),
    st.booleans(),
)
def test_those_told_in_a_rehearsal_are_those_whom_the_allocation_says(
    entering: list[int], units: list[tuple[int, int]], terms: tuple[int, int], threshold: int, newest: bool
) -> None:
    entering = sorted(entering)
    first, *rest = entering
    units = sorted((hour, count) for hour, count in units if hour >= first)
    order = "first-in-last-out" if newest else "first-in-first-out"
    document = _document(
        contacts_per_unit=terms[0], units_per_contact=terms[1], quantity_threshold=threshold, order=order
    )
    rehearsed = _live(
        document,
        profile={"id": "p0"},
        others=[{"name": f"p{1 + at}", "after": f"{hour - first} hours"} for at, hour in enumerate(rest)],
        happens=[{"after": f"{60 * (hour - first) + 30} minutes", "stock": count} for hour, count in units],
    )
    assert list(rehearsed.told) == _by_allocation(entering, units, terms, threshold, newest=newest)
