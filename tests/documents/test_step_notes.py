"""Ways through a conversation that are refused, or that are allowed but probably not meant."""

import json
from typing import Any, TypeAlias

import pytest

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import DEEPEST
from starter.documents import CheckReport, check
from starter.versioning.live_settings import is_live
from workflows.compiler.compile import LARGEST_PROGRAM

Written: TypeAlias = dict[str, Any]
SEND: Written = {"send": "m"}
MESSAGE: Written = {"channel": "email", "subject": "s", "text": "t"}
BACK: Written = {"back": {"type": "back-in-stock", "action": "sign-up"}}
LAPSING: Written = {"back": {**BACK["back"], "offer_lapses_after": "2 days"}}
GOING_ON: Written = {"go_to": "B"}


def _check(*threads: Written, **more: object) -> CheckReport:
    document = {
        "conversation": "c",
        "name": "C",
        "threads": threads,
        "messages": dict.fromkeys(("m", "n", "o"), MESSAGE),
        **more,
    }
    return check(json.dumps(document), "f")


def _thread(name: str, *steps: Written, on: str | None = None, **more: object) -> Written:
    return {"name": name, **({"on": on} if on else {}), "steps": steps, **more}


def _mistakes(*threads: Written, **more: object) -> dict[str, str]:
    return {
        diagnostic.path: f"{diagnostic.message}. {diagnostic.advice}"
        for diagnostic in _check(*threads, **more).diagnostics
    }


def _notes(*threads: Written, **more: object) -> dict[str, str]:
    report = _check(*threads, **more)
    assert report.ok, [str(diagnostic) for diagnostic in report.diagnostics]
    return {note.path: f"{note.message}. {note.advice}" for note in report.warnings if "messages." not in note.path}


# Round and round -------------------------------------------------------------------------------------------------


def test_a_way_round_over_several_threads_without_a_rest_is_told_as_a_sentence() -> None:
    diagnostics = _mistakes(
        _thread("A", SEND, {"split": [{"name": "on", "steps": [GOING_ON]}, {"name": "out"}]}, on="ordered"),
        _thread("B", {"send": "n"}, {"go_to": "C"}),
        _thread("C", {"wait": "0 days"}, {"go_to": "A"}),
    )
    assert list(diagnostics) == ["threads[2].steps[1]"]
    assert "from 'A' to 'B' to 'C' and back to 'A' without end" in diagnostics["threads[2].steps[1]"]


@pytest.mark.parametrize(
    ("rest", "is_one"),
    [
        ({"wait": "1 hour"}, True),
        # A journey carries its path, and each time round makes it longer.
        ({"wait": "59 minutes"}, False),
        ({"wait": "0 days"}, False),
        ({"wait_until": "monday 09:00"}, True),
        # After that day nobody rests there any more.
        ({"wait_until": "2026-12-24"}, False),
        ({"wait_for": ["ordered"], "within": "1 day"}, True),
        ({"wait_for": ["ordered"], "within": "30 seconds"}, False),
        ({"call_webhook": "https://crm.example/x", "required": True}, False),
    ],
    ids=str,
)
def test_a_way_round_needs_a_step_on_which_time_surely_passes(rest: Written, is_one: bool) -> None:
    diagnostics = _mistakes(_thread("A", rest, {"add_tag": "x"}, {"go_to": "A"}, on="ordered"))
    assert (diagnostics == {}) == is_one


def test_a_wait_in_one_branch_does_not_make_the_other_one_rest() -> None:
    split = {"split": [{"name": "slow", "steps": [{"wait": "1 day"}]}, {"name": "fast"}]}
    assert list(_mistakes(_thread("A", split, {"go_to": "A"}, on="ordered"))) == ["threads[0].steps[1]"]


def test_each_of_two_ways_round_is_told() -> None:
    ways = {"split": [{"name": name, "steps": [{"go_to": name}]} for name in ("A", "B")]}
    diagnostics = _mistakes(_thread("A", ways, on="ordered"), _thread("B", {"go_to": "A", "id": "back"}))
    assert list(diagnostics) == ["threads[0].steps[0].split[0].steps[0]", "threads[1].steps[0]"]


def test_threads_that_only_lead_to_each_other_are_reached_by_nobody() -> None:
    round_ = [_thread("B", {"wait": "1 day"}, {"go_to": "C"}), _thread("C", SEND, GOING_ON)]
    assert list(_mistakes(_thread("A", {"send": "n"}, on="ordered"), *round_)) == ["threads[1]", "threads[2]"]


# Too deep, too large, by nobody ----------------------------------------------------------------------------------


def _nested(depth: int) -> Written:
    step: Written = SEND
    for level in range(depth):
        when = {"all": [{"any": [{"not": {"orders.count": {"in": [1, 2]}}}]}]}
        step = {"decide": [{"name": "x", "when": when, "steps": [step]}], "id": f"d{level}"}
    return step


def test_branches_inside_branches_are_taken_to_the_bound_and_no_deeper() -> None:
    assert _mistakes(_thread("A", _nested(DEEPEST), on="ordered")) == {}
    ((path, told),) = _mistakes(_thread("A", _nested(DEEPEST + 1), on="ordered")).items()
    assert path.count("decide") == DEEPEST
    assert f"more than {DEEPEST} deep" in told
    assert "go_to" in told


def test_a_conversation_too_large_for_a_journey_to_carry_is_refused() -> None:
    steps = [{"add_tag": "t" * 100, "id": f"tag-{number}"} for number in range(199)]
    ((path, told),) = _mistakes(_thread("A", *steps, SEND, on="ordered")).items()
    assert path == "threads"
    assert f"at most {LARGEST_PROGRAM // 1024} KiB" in told
    assert _mistakes(_thread("A", *steps[:100], SEND, on="ordered")) == {}


def test_an_alert_cannot_be_called_what_events_of_your_own_begin_with() -> None:
    diagnostics = _mistakes(_thread("A", SEND, on="custom.alert"), alerts={"custom": BACK["back"]})
    assert "cannot be the short name of an alert" in diagnostics["alerts.custom"]


def test_a_second_thread_on_an_event_is_entered_by_those_for_whom_the_first_is_not() -> None:
    first = _thread("A", SEND, on="ordered", when={"orders.count": 1})
    assert _mistakes(first, _thread("B", {"send": "n"}, on="ordered")) == {}
    assert list(_mistakes(_thread("B", {"send": "n"}, on="ordered"), first)) == ["threads[1].on"]


# Allowed, but probably not meant ---------------------------------------------------------------------------------


def test_a_message_on_a_way_round_is_noted_for_it_is_sent_once() -> None:
    rest = {"wait": "1 day"}
    warnings = _notes(
        _thread("A", {"send": "n"}, GOING_ON, on="ordered"), _thread("B", SEND, rest, GOING_ON | {"id": "x"})
    )
    assert list(warnings) == ["threads[1].steps[0]"]
    assert "'m' is sent once" in warnings["threads[1].steps[0]"]


def test_a_draft_behind_a_wait_is_noted_also_in_another_thread() -> None:
    draft = {"send": "m", "status": "draft"}
    wait = {"wait_for": ["clicked_message"], "within": "1 day", "happened": [GOING_ON]}
    warnings = _notes(_thread("A", {"send": "n"}, wait, on="ordered"), _thread("B", draft))
    assert list(warnings) == ["threads[1].steps[0]"]
    assert "a draft behind a wait" in warnings["threads[1].steps[0]"]
    assert _notes(_thread("A", draft, {"wait": "1 day"}, {"send": "n"}, on="ordered")) == {}


def test_a_conversation_of_drafts_is_noted_for_nobody_enters_it() -> None:
    draft = {"send": "m", "status": "draft"}
    assert list(_notes(_thread("A", draft, on="ordered"))) == ["threads"]
    assert _notes(_thread("A", draft, {"send": "n"}, on="ordered")) == {}


def test_an_alert_is_live_by_a_message_in_a_branch_or_in_a_thread_that_is_led_to() -> None:
    def live(*threads: Written) -> bool:
        document = {"conversation": "c", "name": "C", "threads": threads, "messages": {"m": MESSAGE}}
        return is_live(ConversationDocument.model_validate(document), "back.alert")

    inside = {"split": [{"name": "x", "steps": [SEND]}, {"name": "y"}]}
    assert live(_thread("A", inside, on="back.alert"))
    assert live(_thread("A", GOING_ON, on="back.alert"), _thread("B", SEND))
    assert live(_thread("A", {"add_tag": "x"}, on="back.alert"), _thread("B", SEND, on="back.alert"))
    assert not live(_thread("A", GOING_ON, on="back.alert"), _thread("B", SEND | {"status": "draft"}))
    assert not live(_thread("A", {"add_tag": "x"}, on="back.alert"), _thread("B", SEND, on="ordered"))


def test_waiting_for_what_ends_the_conversation_is_noted() -> None:
    wait = {"wait_for": ["clicked_message", "bought", "custom.x"], "within": "1 day"}
    warnings = _notes(_thread("A", SEND, wait, on="ordered"), goal_on=["bought"], exit_on=["custom.x"])
    assert list(warnings) == ["threads[0].steps[1].wait_for[1]", "threads[0].steps[1].wait_for[2]"]
    assert "by 'goal_on' it ends" in warnings["threads[0].steps[1].wait_for[1]"]


def test_branches_that_are_all_empty_are_noted() -> None:
    decide = {"decide": [{"name": "x", "when": {"orders.count": 1}}]}
    assert list(_notes(_thread("A", SEND, decide, on="ordered"))) == ["threads[0].steps[1]"]
    assert _notes(_thread("A", SEND, decide | {"otherwise": [{"add_tag": "x"}]}, on="ordered")) == {}


def test_a_thread_for_carts_that_goes_on_after_they_bought_is_noted() -> None:
    cart = _thread("A", {"wait": "1 day"}, SEND, on="added_to_cart")
    assert "goal_on: [bought]" in _notes(cart)["threads[0].on"]
    assert _notes(cart, goal_on=["bought"]) == {}


def test_a_thread_for_what_it_does_to_the_contact_needs_no_message() -> None:
    asking = {"wait": "1 day"}
    assert _notes(_thread("A", {"add_tag": "x"}, on="ordered"), _thread("B", SEND, on="joined_list")) == {}
    assert _notes(_thread("A", asking, GOING_ON, on="ordered"), _thread("B", SEND)) == {}
    assert "sends no message" in _notes(_thread("A", asking, on="ordered"))["threads[0]"]


def test_a_rest_anywhere_between_signing_up_and_standing_in_line_is_noted() -> None:
    signed_up = _thread(
        "A", {"decide": [{"name": "x", "when": {"orders.count": 1}, "steps": [{"wait_until": "09:00"}]}]}, GOING_ON,
        on="back.subscription",
    )  # fmt: skip
    alert = _thread("C", {"send": "n"}, {"wait": "2 days"}, {"send": "o"}, on="back.alert")
    wait_for = {"wait_for": ["clicked_message"], "within": "3 days"}
    warnings = _notes(signed_up, _thread("B", SEND, wait_for), alert, alerts=BACK)
    assert set(warnings) == {"threads[0].steps[0].decide[0].steps[0]", "threads[1].steps[1]"}
    assert "up to 3 days later" in warnings["threads[1].steps[1]"]


def test_an_alert_that_is_answered_only_for_some_is_noted() -> None:
    some = _thread("A", SEND, on="back.alert", when={"orders.count": 1})
    assert "is told nothing" in _notes(some, alerts=BACK)["threads[0].when"]
    assert _notes(some, _thread("B", {"send": "n"}, on="back.alert"), alerts=BACK) == {}


def test_a_message_is_after_the_offer_only_where_every_way_to_it_takes_that_long() -> None:
    waiting = {"wait_for": ["clicked_message"], "within": "3 days"}
    silent = waiting | {"did_not": [{"send": "n"}], "happened": [{"exit": "seen"}]}
    warnings = _notes(_thread("A", SEND, silent, on="back.alert"), alerts=LAPSING)
    assert list(warnings) == ["threads[0].steps[1].did_not[0]"]
    assert _notes(_thread("A", SEND, waiting, {"send": "n"}, on="back.alert"), alerts=LAPSING) == {}
    for_some = {"split": [{"name": "x", "steps": [SEND, {"wait": "3 days"}]}, {"name": "y"}]}
    assert _notes(_thread("A", for_some, {"send": "n"}, on="back.alert"), alerts=LAPSING) == {}
    for_all = {"split": [{"name": name, "steps": [{"wait": "3 days", "id": name}]} for name in ("x", "y")]}
    warnings = _notes(_thread("A", SEND, for_all, {"send": "n"}, on="back.alert"), alerts=LAPSING)
    assert list(warnings) == ["threads[0].steps[2]"]


@pytest.mark.parametrize(
    ("asked", "noted"),
    [
        ({"store.id": "us.example"}, True),
        ({"all": [{"product.vendor": "Acme"}, {"store.id": {"in": ["us.example", "uk.example"]}}]}, True),
        ({"store.id": {"in": ["us.example", "de.example"]}}, False),
        ({"any": [{"store.id": "us.example"}, {"product.vendor": "Acme"}]}, False),
        ({"not": {"store.id": "us.example"}}, False),
    ],
)
def test_a_filter_on_a_store_that_the_list_is_not_for_is_noted(asked: Written, noted: bool) -> None:
    alerts = {"back": {**BACK["back"], "trigger_filter": asked}}
    told = _thread("A", SEND, on="back.alert")
    warnings = _notes(told, alerts=alerts, list={"stores": ["de.example"]})
    assert ("nobody enters 'back'" in warnings.get("alerts.back.trigger_filter", "")) == noted
    assert "alerts.back.trigger_filter" not in _notes(told, alerts=alerts)


@pytest.mark.parametrize(
    ("criteria", "is_a_cap"),
    [
        ({"alert.last_entered": {"not_within": "30 days"}}, True),
        ({"any": [{"orders.count": 2}, {"not": {"engagement.last_message": {"within": "1 day"}}}]}, True),
        ({"orders.last": {"not_within": "30 days"}}, False),
    ],
)
def test_a_filter_that_is_meant_as_a_cap_is_said_to_lose_wishes(criteria: Written, is_a_cap: bool) -> None:
    notes = _notes(_thread("A", SEND, on="back.alert"), alerts={"back": {**BACK["back"], "profile_filter": criteria}})
    said = notes.get("alerts.back.profile_filter", "")
    assert ("'at_most' in 'list'" in said) is is_a_cap


@pytest.mark.parametrize(
    ("cap", "path"),
    [
        ({"messages": 0, "per": "4 hours"}, "list.at_most.messages"),
        ({"messages": 1, "per": "0 hours"}, "list.at_most.per"),
        ({"messages": 1, "per": "often"}, "list.at_most.per"),
        ({"messages": 1}, "list.at_most"),
        ({"message": 1, "per": "4 hours"}, "list.at_most.message"),
        ("1 per day", "list.at_most"),
    ],
)
def test_a_cap_that_is_none_is_a_mistake(cap: object, path: str) -> None:
    mistakes = _mistakes(_thread("A", SEND, on="back.alert"), alerts=BACK, list={"at_most": cap})
    assert path in mistakes


LOOP = "{% for item in together %}{{ item.title }} {% endfor %}It is back."


@pytest.mark.parametrize(
    ("window", "said", "path", "note"),
    [
        ("15 minutes", {"text": "t"}, "list.together_within", "no message loops over 'together'"),
        ("15 minutes", {"text": LOOP, "html": "<p>t</p>"}, "messages.m", "some do not"),
        (
            "15 minutes",
            {"text": LOOP, "language": "en", "locales": {"de": {"subject": "s", "text": "t"}}},
            "messages.m",
            "do not",
        ),
        (None, {"text": LOOP}, "messages.m", "tells nothing together"),
        ("15 minutes", {"text": LOOP}, None, None),
    ],
)
def test_what_is_told_together_in_part_or_never_is_noted(
    window: str | None, said: Written, path: str | None, note: str | None
) -> None:
    document = {
        "conversation": "c",
        "name": "C",
        "list": {"together_within": window} if window else {},
        "alerts": BACK,
        "threads": [_thread("A", SEND, on="back.alert")],
        "messages": {"m": {"channel": "email", "subject": "s", **said}},
    }
    report = check(json.dumps(document), "f")
    notes = {each.path: each.message for each in report.warnings if "together" in each.message}
    assert not report.diagnostics
    assert [*notes] == ([path] if path else [])
    assert note is None or note in notes[path or ""]


@pytest.mark.parametrize("window", ["0 minutes", "2 days", "soon"])
def test_a_window_that_is_none_or_keeps_places_for_days_is_a_mistake(window: str) -> None:
    mistakes = _mistakes(_thread("A", SEND, on="back.alert"), alerts=BACK, list={"together_within": window})
    assert "list.together_within" in mistakes
