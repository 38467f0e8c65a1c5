"""Stepping through a journey in the terminal, by keys."""

import asyncio
import json
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from schemas.journey.path import JourneyPath
from starter.commands.playing import HINT, Step, frames, play, read_key, shown
from starter.commands.terminal.paths import path_table
from tests.histories.record import FOLDER

PLAY = """
import sys
from schemas.journey.path import JourneyPath
from starter.commands.playing import play
play(JourneyPath.model_validate_json(open(sys.argv[1]).read()), 50)
"""
AT_ONE = {**os.environ, "TERM": "xterm"}


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


def test_table_and_picture_say_where_it_moved_to_another_version(path: JourneyPath) -> None:
    first, second, *others = path.entries
    entries = (first, second.model_copy(update={"moved_to": "quiz@2"}), *others)
    moved = path.model_copy(update={"entries": entries})
    paper = Console(file=StringIO(), width=300, record=True)
    paper.print(path_table(moved))
    head = "step entered (UTC) stayed left because verdict"
    assert head in [" ".join(line.split()) for line in paper.export_text(clear=False).splitlines()]
    assert [line.split()[0] for line in paper.export_text().splitlines() if "moved to quiz@2" in line] == [
        entries[1].step
    ]
    assert [at for at, picture in enumerate(frames(moved)) if "moved to quiz@2" in picture] == [1]


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


async def test_at_a_terminal_it_plays_by_itself_at_a_speed(path: JourneyPath, tmp_path: Path) -> None:
    """In a terminal of its own: one picture after the other, each on a clear screen."""
    (tmp_path / "path.json").write_text(path.model_dump_json(), encoding="utf-8")
    own, theirs = pty.openpty()
    player = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PLAY, str(tmp_path / "path.json"), stdin=theirs, stdout=theirs, stderr=theirs, env=AT_ONE
    )
    os.close(theirs)
    shown_ = bytearray()
    with suppress(OSError):  # what a terminal says when nobody is at its other end any more
        while piece := await asyncio.to_thread(os.read, own, 65536):
            shown_ += piece
    os.close(own)
    assert await player.wait() == 0
    text = shown_.decode()
    assert text.count("\x1b[2J") == len(path.entries) + 1
    assert all(entry.step in text for entry in path.entries)
    assert "completed" in text
