"""Which way a contact goes may be expected, by the step's id and the way's name."""

import pytest

from starter.documents import check
from tests.documents.starters import FOLDER

WELCOME = (FOLDER / "welcome.yaml").read_text(encoding="utf-8")
RIGHT = "- branch: ordered-before\n        takes: Has ordered before"
CART = (
    (FOLDER / "cart.yaml")
    .read_text(encoding="utf-8")
    .replace(
        "    expect:\n      - sends: still-in-your-cart\n        after: 1 hour\n",
        "    expect:\n      - {branch: until-ordered, takes: did_not}\n      - sends: still-in-your-cart\n",
    )
)


def test_the_other_way_is_a_difference() -> None:
    text = WELCOME.replace(RIGHT, RIGHT.replace("takes: Has ordered before", "takes: otherwise"))
    (difference,) = check(text, "f.yaml").differences
    assert difference.path == "scenarios[1].expect[1].branch"
    told = "expected 'otherwise' taken at 'ordered-before', got 'Has ordered before'"
    assert difference.message == told


@pytest.mark.parametrize(("takes", "differences"), [("did_not", 0), ("happened", 1)])
def test_what_was_waited_for_happened_or_did_not(takes: str, differences: int) -> None:
    report = check(CART.replace("takes: did_not", f"takes: {takes}"), "f.yaml")
    assert report.diagnostics == ()
    assert len(report.differences) == differences


@pytest.mark.parametrize(
    ("wrong", "path", "told"),
    [
        (
            "- branch: ordered-befor\n        takes: otherwise",
            "branch",
            "Did you mean 'ordered-before'?",
        ),
        ("- branch: welcome\n        takes: otherwise", "branch", "There are: ordered-before"),
        (
            "- branch: ordered-before\n        takes: Has ordered",
            "takes",
            "Did you mean 'Has ordered before'?",
        ),
        (
            "- branch: ordered-before",
            None,
            "'takes', the name of a way on, go together. Write both, or neither",
        ),
        ("- sends: good-to-have-you\n        takes: otherwise", None, "go together. Write both, or neither"),
    ],
    ids=["slip", "no such step", "no such way", "no way", "no step"],
)
def test_a_slip_is_explained_where_it_is(wrong: str, path: str | None, told: str) -> None:
    (diagnostic,) = check(WELCOME.replace(RIGHT, wrong), "f.yaml").diagnostics
    assert diagnostic.path == "scenarios[1].expect[1]" + (f".{path}" if path else "")
    assert told in f"{diagnostic.message}. {diagnostic.advice}"
