"""Stepping through a journey in the terminal, by keys."""

import json
from collections.abc import Iterator

import pytest

from schemas.path import JourneyPath
from starter.commands.playing import HINT, Step, frames, play, read_key, shown
from tests.histories.record import FOLDER


@pytest.fixture
def path() -> JourneyPath:
    """A recorded journey through every kind of step."""
    kept = json.loads((FOLDER / "every_kind_of_step.json").read_text(encoding="utf-8"))
    return JourneyPath.model_validate(kept["path"])


def _keys(text: str) -> Iterator[str]:
    return iter(text)


def test_every_stay_is_a_picture_and_the_last_one_says_how_it_ended(path: JourneyPath) -> None:
    pictures = frames(path)
    assert len(pictures) == len(path.entries) + 1
    for entry, picture in zip(path.entries, pictures, strict=False):
        assert f"{entry.step}" in picture
    assert "completed" in pictures[-1]


def test_keys_lead_forwards_and_back_and_never_before_the_beginning() -> None:
    keys = _keys("bb  b ? q")
    assert list(shown(("1", "2", "3"), lambda: next(keys))) == ["1", "1", "1", "2", "3", "2", "3"]


def test_the_end_is_left_by_going_on() -> None:
    keys = _keys("   ")
    assert list(shown(("1", "2", "3"), lambda: next(keys))) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("key", "step"), [("\x1b[C", Step.NEXT), ("\x1b[D", Step.BACK), ("\x1b", Step.QUIT), ("?", None)]
)
def test_arrows_and_escape_are_keys_too(key: str, step: Step | None) -> None:
    assert read_key(key) is step


def test_where_there_is_no_terminal_everything_is_printed_at_once(
    path: JourneyPath, capsys: pytest.CaptureFixture[str]
) -> None:
    play(path)
    printed = capsys.readouterr().out
    assert all(entry.step in printed for entry in path.entries)
    assert HINT not in printed
