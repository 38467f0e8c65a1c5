"""Scenarios are lived by the machine itself, and what goes otherwise than expected is named by path and line."""

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.document.scenarios import ScenarioSection
from schemas.journey.outcome import Deferred, Held, Refused
from schemas.journey.path import Why
from schemas.reasons import Reason
from starter.documents import check, load_document
from starter.rehearsing.run import Rehearsed, RunTester
from tests.documents.starters import BACK, LOW, PRICE, REMINDERS, STARTERS, line_of

MANUAL = BACK.replace("- send: it-is-back", "- send: it-is-back\n        status: manual")


def _live(text: str, **scenario: object) -> Rehearsed:
    document = load_document(text, "f.yaml")
    return RunTester(document).run(ScenarioSection.model_validate({"name": "S", **scenario}))


def _sent(rehearsed: Rehearsed) -> list[tuple[str, timedelta]]:
    return [(each.message, each.at - rehearsed.entrance.at) for each in rehearsed.messages]


def _outcome(rehearsed: Rehearsed, message: str) -> object:
    return [entry.outcome for entry in rehearsed.path.entries if entry.message == message][-1]


def test_a_rehearsal_happens_in_a_store_of_the_list_and_nobody_enters_elsewhere() -> None:
    german = BACK.replace('# stores: ["shop.example"]', "stores: [de.example, at.example]")
    comes = [{"after": "1 day", "stock": 1}]
    told = _live(german, happens=comes)
    assert "https://de.example/products/blue-kettle" in told.messages[0].rendered.text
    assert _live(german, store="at.example", happens=comes).not_entered is None
    assert _live(german, store="us.example", happens=comes).not_entered is Reason.OTHER_STORE


def test_a_rehearsal_knows_its_store_as_a_criterion() -> None:
    only = BACK.replace("contacts_per_unit: 1 ", "trigger_filter: {store.id: us.example}\n    contacts_per_unit: 1 ")
    assert _live(only, store="us.example").not_entered is None
    assert _live(only).not_entered is Reason.FILTERED


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_every_starter_has_scenarios_and_they_go_as_expected(path: Path) -> None:
    report = check(path.read_bytes(), path.name)
    assert report.scenarios >= 3
    assert report.differences == ()


@pytest.mark.parametrize(
    ("right", "wrong", "path", "told"),
    [
        (
            "after: 5 days\n      - ends: completed",
            "after: 6 days\n      - ends: completed",
            "scenarios[0].expect[1].sends",
            "expected 'still-here' sent 6 days after entering, got 'still-here' sent at 2026-03-07 09:00",
        ),
        (
            "- ends: exited",
            "- ends: expired",
            "scenarios[1].expect[2].ends",
            "expected expired, got exited (purchased) at 2026-03-07 09:00 (5 days after entering)",
        ),
        (
            "reason: sold_out_again",
            "reason: inactive",
            "scenarios[2].expect[1].refused",
            "expected 'still-here' refused (inactive), got refused (sold_out_again)",
        ),
        (
            "- ends: expired\n        reason: window_ended",
            "- sends: it-is-back",
            "scenarios[3].expect[0].sends",
            "expected 'it-is-back' sent, got nothing: they do not come by it",
        ),
    ],
    ids=["another time", "another end", "another reason", "never"],
)
def test_a_wrong_expectation_is_named_by_path_and_line(right: str, wrong: str, path: str, told: str) -> None:
    text = BACK.replace(right, wrong)
    assert text != BACK
    report = check(text, "f.yaml")
    assert report.ok
    (difference,) = report.differences
    assert difference.path == path
    assert told in difference.message
    kind = path.rpartition(".")[2]
    assert text.splitlines()[difference.line - 1].strip().startswith(f"- {kind}:")


def test_a_message_that_nobody_expects_is_a_difference() -> None:
    text = BACK.replace("      - sends: still-here\n        after: 5 days\n", "")
    (difference,) = check(text, "f.yaml").differences
    assert difference.path == "scenarios[0].expect"
    assert "got 'still-here' sent at 2026-03-07 09:00 (5 days after entering) as well" in difference.message


@pytest.mark.parametrize(
    ("right", "wrong", "path", "told"),
    [
        ("- sends: it-is-back", "- sends: it-is-bakc", "scenarios[0].expect[0].sends", "Did you mean 'it-is-back'?"),
        ("stock: 5", "stok: 5", "scenarios[0].happens[0].stok", "Did you mean 'stock'?"),
        ("stock: 5", "stock: 5\n        price: 3", "scenarios[0].happens[0]", "one thing happens at a time"),
        ("stock: 5", "stock: -1", "scenarios[0].happens[0].stock", "-1 is too small"),
        ("stock: 5", "approves: it-is-back", "scenarios[0].happens[0].approves", "waits for nobody's approval"),
        ("after: 3 days", "at: 2026-02-01 09:00", "scenarios[0].happens[0].at", "before they enter"),
        ("after: 3 days", "after: 3 dayz", "scenarios[0].happens[0].after", "is not a length of time"),
        ("- ends: completed", "- ends: complete", "scenarios[0].expect[2].ends", "Did you mean 'completed'?"),
        ("ordered: true", "event: orderd", "scenarios[1].happens[1].event", "orderd"),
        ("scenarios:\n  - name: Told", "scenarios:\n  - alert: back\n    name: Told", "scenarios[0].alert", "no alert"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("scenarios[") else "",
)
def test_a_slip_in_a_scenario_is_explained_where_it_is(right: str, wrong: str, path: str, told: str) -> None:
    text = BACK.replace(right, wrong, 1)
    diagnostics = {
        diagnostic.path: f"{diagnostic.message}. {diagnostic.advice}"
        for diagnostic in check(text, "f.yaml").diagnostics
    }
    assert path in diagnostics
    assert told in diagnostics[path]


def test_the_line_is_that_of_the_value() -> None:
    text = BACK.replace("- sends: it-is-back", "- sends: it-is-bakc", 1)
    (diagnostic,) = check(text, "f.yaml").diagnostics
    assert diagnostic.line == line_of(text, "- sends: it-is-bakc")


def test_sold_out_before_the_message_they_wait_again_and_are_told_the_next_time() -> None:
    """The night keeps the message back; in the morning there is nothing left; days later there is."""
    quiet = BACK.replace("  # quiet_hours:                       # no", "  quiet_hours:  # no").replace(
        "  #   from: 21:00\n  #   until: 08:00", "    from: 21:00\n    until: 08:00"
    )
    happens = [
        {"at": "2026-03-03 23:00", "stock": 2},
        {"at": "2026-03-04 06:00", "stock": 0},
        {"after": "5 days", "stock": 1},
    ]
    rehearsed = _live(quiet, happens=happens)
    assert _sent(rehearsed) == [("it-is-back", timedelta(days=5)), ("still-here", timedelta(days=7))]
    refused = [entry.outcome for entry in rehearsed.path.entries if isinstance(entry.outcome, Refused)]
    assert [each.reason for each in refused] == [Reason.SOLD_OUT_AGAIN]


def test_a_pause_of_a_year_costs_no_more_than_a_pause_of_a_day() -> None:
    def paused_for(days: int) -> Rehearsed:
        happens = [
            {"after": "1 day", "stock": 2},
            {"after": "2 days", "paused": True},
            {"after": f"{days} days", "paused": False},
        ]
        return _live(BACK.replace("    offer_lapses_after:", "    # offer_lapses_after:"), happens=happens)

    day, year = paused_for(4), paused_for(367)
    assert [message for message, _ in _sent(year)] == ["it-is-back", "still-here"]
    assert year.messages[-1].at - year.entrance.at == timedelta(days=367)
    assert year.verdicts == day.verdicts <= 4


def test_paused_for_good_it_rests() -> None:
    rehearsed = _live(BACK, happens=[{"after": "1 day", "stock": 2}, {"after": "2 days", "paused": True}])
    assert rehearsed.path.ending is None
    assert rehearsed.path.entries[-1].step == "still-here"


def test_a_provider_that_is_down_for_hours_delays_and_for_days_gives_the_place_back() -> None:
    down, stock = {"after": "1 day", "provider": "down"}, {"after": "1 day", "stock": 1}
    rehearsed = _live(BACK, happens=[down, stock, {"after": "30 hours", "provider": "up"}])
    assert _sent(rehearsed)[0] == ("it-is-back", timedelta(hours=30))
    rehearsed = _live(BACK, happens=[down, stock, {"after": "60 hours", "provider": "up"}])
    assert [each.why for each in rehearsed.path.entries][:4] == [
        Why.PLACE_GIVEN,
        Why.ANSWERED,
        Why.PLACE_GIVEN,
        Why.ANSWERED,
    ]
    assert _sent(rehearsed)[0] == ("it-is-back", timedelta(hours=60))


def test_a_manual_message_is_held_until_somebody_approves_or_declines_it() -> None:
    stock = {"after": "1 day", "stock": 1}
    held = _live(MANUAL, happens=[stock])
    assert isinstance(_outcome(held, "it-is-back"), Held)
    assert held.path.ending is None
    approved = _live(MANUAL, happens=[stock, {"after": "2 days", "approves": "it-is-back"}])
    assert _sent(approved)[0] == ("it-is-back", timedelta(days=2))
    declined = _live(MANUAL, happens=[stock, {"after": "2 days", "declines": "it-is-back"}])
    outcome = _outcome(declined, "it-is-back")
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.DECLINED


def test_an_offer_that_was_not_taken_up_passes_on_and_is_not_spoken_of_again() -> None:
    text = REMINDERS.replace("offer_lapses_after: 6 days", "offer_lapses_after: 72 hours")
    rehearsed = _live(text, happens=[{"after": "1 day", "stock": 1}])
    assert [message for message, _ in _sent(rehearsed)] == ["on-the-list", "it-is-back", "still-here"]
    outcome = _outcome(rehearsed, "still-here")
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.OFFER_LAPSED


def test_a_price_is_compared_with_that_of_entering_and_stock_with_what_alerts_count() -> None:
    rehearsed = _live(
        PRICE, product={"price": 20}, happens=[{"after": "1 day", "price": 18.01}, {"after": "2 days", "price": 18}]
    )
    assert _sent(rehearsed) == [("cheaper-now", timedelta(days=2))]
    rehearsed = _live(
        LOW, product={"units": 9}, happens=[{"after": "1 day", "stock": 0}, {"after": "2 days", "stock": 3}]
    )
    assert _sent(rehearsed) == [("nearly-gone", timedelta(days=2))]


def test_a_message_is_rendered_for_the_product_and_the_person() -> None:
    text = BACK.replace("Good news: {{ product", "Good news, {{ contact.attributes.name }}: {{ product", 1)
    rehearsed = _live(
        text,
        profile={"attributes": {"name": "Ann"}},
        product={"title": "Red pan", "variant": "28 cm"},
        happens=[{"stock": 1}],
    )
    assert rehearsed.messages[0].rendered.subject == "Red pan is back"
    assert "Good news, Ann: Red pan (28 cm) is back in stock." in rehearsed.messages[0].rendered.text


def test_whom_another_alert_tells_of_it_leaves_the_line() -> None:
    told = _live(BACK, happens=[{"after": "3 days", "stock": 5}, {"after": "3 days", "told_already": True}])
    assert told.messages == ()
    assert told.path.reason is Reason.TOLD_ALREADY


def test_what_another_alert_told_before_it_came_about_is_another_thing() -> None:
    told = _live(BACK, happens=[{"after": "1 day", "told_already": True}, {"after": "3 days", "stock": 5}])
    assert _sent(told)[0][1] == timedelta(days=3)


def test_a_rehearsal_puts_off_what_is_above_the_lists_cap() -> None:
    """The reminder, due two days after the message, has its turn a day later."""
    capped = BACK.replace("  time_zone: UTC ", "  at_most: {messages: 1, per: 71 hours}\n  time_zone: UTC ")
    rehearsed = _live(capped, happens=[{"after": "3 days", "stock": 5}])
    assert _sent(rehearsed) == [
        ("it-is-back", timedelta(days=3)),
        ("still-here", timedelta(days=3, hours=71)),
    ]


def test_a_rehearsal_shows_the_wait_for_others_and_the_message_as_it_reads_alone() -> None:
    """Others come in journeys of their own, and a rehearsal is about one thing."""
    waits = BACK.replace("  time_zone: UTC ", "  together_within: 15 minutes\n  time_zone: UTC ")
    assert _sent(_live(waits, happens=[{"after": "3 days", "stock": 5}]))[0][1] == timedelta(days=3)
    # The loop is read in all parts of the message that leaves.
    loop = "{% if together %}{% for item in together %}{{ item.title }}{% endfor %}{% endif %}"
    assert waits.count("Good news: ") == 2
    waits = waits.replace("Good news: ", f"{loop}Good news: ")
    rehearsed = _live(waits, happens=[{"after": "3 days", "stock": 5}])
    assert _sent(rehearsed)[0] == ("it-is-back", timedelta(days=3, minutes=15))
    assert "Good news" in rehearsed.messages[0].rendered.text
    assert rehearsed.put_off[0].outcome == Deferred(
        until=rehearsed.entrance.at + timedelta(days=3, minutes=15), reason=Reason.TOLD_TOGETHER
    )
