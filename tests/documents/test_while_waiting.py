"""What an alert says to those who still wait: mistakes in plain words, and how a change of it is told."""

import pytest

from starter.comparing.differences import find_differences
from starter.documents import check, load_document
from tests.documents.starters import FOLDER

TEXT = (FOLDER / "back-in-stock-while-waiting.yaml").read_text(encoding="utf-8")
AT = "alerts.back-in-stock.while_waiting"


@pytest.mark.parametrize(
    ("said", "instead", "path", "message"),
    [
        ("send: still-waiting", "send: still-wating", f"{AT}[0].send", "there is no message 'still-wating'"),
        ("after: 2 weeks", "after: 27 weeks", f"{AT}[0]", "nobody waits longer than 180 days"),
        ("after: 2 weeks", "after: 12 weeks", f"{AT}[1]", "after 12 weeks while_waiting[0] is said, too"),
        ("times: 3", "times: 31", f"{AT}[1].times", "31 is too large"),
        ("times: 3", "time: 3", f"{AT}[1].time", "there is no field 'time' here"),
        ("after: 2 weeks", "after: soon", f"{AT}[0].after", "'soon' is not a length of time"),
    ],
)
def test_what_cannot_be_said_is_explained_where_it_stands(said: str, instead: str, path: str, message: str) -> None:
    report = check(TEXT.replace(said, instead, 1), "f")
    assert not report.ok
    assert any(each.path == path and message in each.message for each in report.diagnostics), report.diagnostics


def test_a_change_of_it_is_told_in_words() -> None:
    before = load_document(TEXT, "f")
    after = load_document(TEXT.replace("times: 3", "times: 2", 1), "f")
    (found,) = find_differences(before, after)
    assert found.sentence.endswith(
        "says 'still-waiting' after 2 weeks; 'something-else' after 6 weeks, 2 times to those who still wait."
    )
