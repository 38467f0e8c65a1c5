"""Several contacts of one scenario stand in a line as in the shop, on one clock, each with a path of their own."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.reasons import Ending, Reason
from starter.rehearsing.expecting import find_unmet_expectations
from tests.documents.starters import BACK, LOW, PRICE
from tests.rehearsing.several import back_in_stock, on_day, rehearse, why_not
from tests.story.documents import back, programme


def test_who_waited_longest_is_told_first_and_no_more_of_them_than_there_are_units() -> None:
    rehearsed = rehearse(back_in_stock(), happens=[on_day(1, stock=3)])
    assert rehearsed.told == ("ann", "ben", "somebody")
    assert why_not(rehearsed) == {"cleo": Reason.NOT_NEXT_IN_LINE, "dora": Reason.NOT_NEXT_IN_LINE}
    assert {each.name: each.path.ending for each in rehearsed.everyone} == {
        "somebody": Ending.COMPLETED,
        "ann": Ending.COMPLETED,
        "ben": Ending.COMPLETED,
        "cleo": Ending.EXPIRED,
        "dora": Ending.EXPIRED,
    }


def test_who_wants_more_than_there_are_keeps_their_place_and_is_said_to_why() -> None:
    others = [{"name": "ann", "before": "2 days", "profile": {"wants": 5}}, {"name": "ben"}]
    rehearsed = rehearse(back_in_stock(), others=others, happens=[on_day(1, stock=3)])
    assert rehearsed.told == ("somebody", "ben")
    assert why_not(rehearsed) == {"ann": Reason.FEWER_THAN_WANTED}
    later = rehearse(back_in_stock(), others=others, happens=[on_day(1, stock=3), on_day(2, stock=8)])
    assert later.told == ("somebody", "ben", "ann")


@pytest.mark.parametrize(("order", "places"), [("first-in-first-out", "1 2 3 4"), ("first-in-last-out", "1 1 1 1")])
def test_a_message_tells_each_contact_their_own_place_in_line_and_price(order: str, places: str) -> None:
    document = programme("back", back(order=order), AlertEvent.SUBSCRIPTION, currency="EUR")
    message = document.messages["subscription"].model_copy(
        update={"text": "{{ wait.place }} at {{ wait.price|money }}, {{ variant.units }} left"}
    )
    document = document.model_copy(update={"messages": {**document.messages, "subscription": message}})
    rehearsed = rehearse(document, happens=[{"after": "90 minutes", "price": "7.50"}])
    said = {each.name: each.messages[0].rendered.text.strip() for each in rehearsed.everyone}
    prices = {"ann": "before", "ben": "before", "somebody": "before", "cleo": "before", "dora": "after"}
    before = said["somebody"].split(" at ")[1]
    assert said["dora"].split(" at ")[1] == "€7.50, 0 left" != before
    assert {name for name, text in said.items() if text.endswith(before)} == prices.keys() - {"dora"}
    assert " ".join(said[name].split(" at ")[0] for name in ("ann", "ben", "somebody", "cleo")) == places


def test_the_newest_come_first_where_the_alert_says_so() -> None:
    rehearsed = rehearse(back_in_stock(order="first-in-last-out"), happens=[on_day(1, stock=3)])
    assert rehearsed.told == ("dora", "cleo", "somebody")


def test_who_enters_at_the_same_moment_stands_behind_the_scenarios_contact_in_the_order_written() -> None:
    others = [{"name": "ann"}, {"name": "ben", "after": "0 seconds"}, {"name": "cleo", "enters": "2026-03-02 09:00"}]
    assert rehearse(back_in_stock(), others=others, happens=[on_day(1, stock=3)]).told == ("somebody", "ann", "ben")


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
    assert len(rehearse(back_in_stock(**terms), happens=[on_day(1, stock=stock)]).told) == told


def test_the_place_of_one_who_may_not_be_written_to_passes_to_the_next_at_once() -> None:
    unwilling = rehearse(
        back_in_stock(),
        happens=[on_day(1, who="ann", consent=False), on_day(1, who="ben", ordered=True), on_day(2, stock=2)],
    )
    assert unwilling.told == ("somebody", "cleo")
    assert {each.told_at for each in unwilling.everyone if each.told_at} == {
        unwilling.entrance.at + timedelta(days=2),
    }
    assert why_not(unwilling) == {
        "ann": Reason.NO_CONSENT,
        "ben": Reason.PURCHASED,
        "dora": Reason.NOT_NEXT_IN_LINE,
    }


def test_who_was_told_by_another_alert_gives_way_to_the_next() -> None:
    told = rehearse(
        back_in_stock(),
        happens=[on_day(1, stock=1), on_day(1, who="ann", told_already=True), on_day(2, who="ben", ordered=True)],
    )
    assert told.told == ("ben",)
    assert told.of("ann").not_told is Reason.TOLD_ALREADY


def test_an_offer_that_nobody_takes_up_passes_on_and_one_that_was_taken_up_does_not() -> None:
    document = back_in_stock(offer_lapses_after="24 hours")
    lapses = rehearse(document, happens=[on_day(1, stock=2), {"after": "30 hours", "who": "ben", "ordered": True}])
    assert lapses.told == ("ann", "ben", "somebody", "cleo", "dora")
    assert [each.told_at - lapses.entrance.at for each in lapses.everyone if each.told_at] == [
        timedelta(days=2),
        timedelta(days=1),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=4),
    ]


def test_units_that_were_there_and_promised_do_not_arrive_anew() -> None:
    off_and_on = [on_day(day, on_sale=on_sale) for day, on_sale in ((2, False), (3, True), (4, False), (5, True))]
    assert rehearse(back_in_stock(), happens=[on_day(1, stock=1), *off_and_on]).told == ("ann",)
    assert rehearse(back_in_stock(), happens=[on_day(1, stock=1), on_day(2, stock=0), on_day(3, stock=1)]).told == (
        "ann",
        "ben",
    )


def test_sold_out_before_the_morning_they_keep_their_places_and_the_first_is_told_the_next_time() -> None:
    document = programme("back", back(), quiet_hours={"from": "21:00", "until": "08:00"})
    night = [{"at": "2026-03-03 23:00", "stock": 2}, {"at": "2026-03-04 06:00", "stock": 0}, on_day(5, stock=1)]
    rehearsed = rehearse(document, happens=night)
    assert rehearsed.told == ("ann",)
    assert [entry.step for entry in rehearsed.of("ben").path.entries].count("waiting-list") == 2


def test_each_waits_for_their_own_bound() -> None:
    """The price that somebody entered at decides when they are told, not their place in line."""
    others = [{"name": "late", "after": "2 days"}]
    happens = [on_day(1, price=80), on_day(3, price=72), on_day(4, price=89), on_day(5, price=70)]
    cheaper = rehearse(
        PRICE.replace("drops_by: 10%", "drops_by: 15%"), product={"price": 100}, others=others, happens=happens
    )
    assert [(each.name, each.told_at) for each in cheaper.everyone] == [
        ("somebody", cheaper.entrance.at + timedelta(days=1)),
        ("late", None),
    ]


def test_whoever_came_when_it_was_low_already_is_told_once_it_falls_that_low_from_above() -> None:
    late: dict[str, Any] = {"product": {"units": 9}, "others": [{"name": "late", "after": "2 days"}]}
    assert rehearse(LOW, **late, happens=[on_day(1, stock=2), on_day(4, stock=1)]).told == ("somebody",)
    up_and_down = [on_day(1, stock=2), on_day(3, stock=8), on_day(4, stock=2)]
    assert rehearse(LOW, **late, happens=up_and_down).told == ("somebody", "late")


def test_who_is_not_entered_is_on_record_beside_those_who_are() -> None:
    document = programme("back", back(action="browse", profile_filter={"contact.tags": {"contains": "vip"}}))
    vip = {"tags": ["vip"]}
    others = [{"name": "ann", "profile": vip}, {"name": "ben", "after": "2 days", "profile": vip}]
    rehearsed = rehearse(document, others=others, happens=[on_day(1, stock=1)])
    assert rehearsed.told == ("ann",)
    assert why_not(rehearsed) == {"somebody": Reason.FILTERED, "ben": Reason.IN_STOCK}


def test_everyone_goes_through_the_whole_conversation_by_themselves() -> None:
    """The starter's reminder: whoever bought gets none, whoever did not does."""
    rehearsed = rehearse(
        BACK,
        others=[{"name": "ann", "after": "1 hour"}],
        happens=[on_day(3, stock=5), on_day(4, who="ann", ordered=True)],
    )
    assert [each.message for each in rehearsed.messages] == ["it-is-back", "still-here"]
    assert [each.message for each in rehearsed.of("ann").messages] == ["it-is-back"]
    assert rehearsed.of("ann").path.reason is Reason.PURCHASED


def _unmet(*expect: dict[str, object], **scenario: Any) -> list[str]:
    happens: list[dict[str, object]] = [on_day(1, stock=2), on_day(1, who="ann", consent=False)]
    rehearsed = rehearse(back_in_stock(), expect=expect, **({"happens": happens} | scenario))
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
