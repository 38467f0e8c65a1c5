"""The others of a scenario as they are written: a slip is explained where it is."""

import pytest

from starter.documents import check
from tests.documents.starters import BACK, line_of
from tests.story.documents import back, programme

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
