"""Every history of a released shape replays on today's code (promise P6), and says nothing personal (promise P8)."""

import base64
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner

from schemas.journey.path import JourneyPath
from starter.support.replay import HistoryGone, replay_histories, replay_history
from starter.support.settled import FOR_THE_NEXT_TASK
from tests.histories.record import FOLDER
from tests.histories.shapes import SHAPES
from tests.histories.stage import CONTACT
from worker import WORKFLOWS, sandbox

MOST_EVENTS = 15
"""Of a told journey without the follow-up wait."""
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


@dataclass(frozen=True)
class Recorded:
    """One file: a history, and the path that its workflow told when it was asked."""

    text: str
    history: WorkflowHistory
    path: JourneyPath | None


def _read(name: str) -> Recorded:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    kept = json.loads(text)
    return Recorded(
        text,
        WorkflowHistory.from_json(kept["workflow_id"], kept["history"]),
        JourneyPath.model_validate(kept["path"]) if kept["path"] else None,
    )


TELL_A_PATH = [file.stem for file in sorted(FOLDER.glob("*.json")) if _read(file.stem).path]


def payloads(part: Any) -> Iterator[str]:
    """Every payload in a part of a history, decoded."""
    inside: Iterable[Any] = ()
    if isinstance(part, dict):
        named = cast("dict[str, Any]", part)
        if {"metadata", "data"} <= named.keys():
            yield base64.b64decode(named["data"]).decode()
            return
        inside = named.values()
    elif isinstance(part, list):
        inside = cast("list[Any]", part)
    for inner in inside:
        yield from payloads(inner)


def test_every_shape_is_recorded_and_every_record_has_a_shape() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(SHAPES)


def test_only_what_is_no_journey_or_did_not_come_to_its_own_end_has_no_path() -> None:
    others = {"shelf", "carried_out", "reconciled", "archived", "retained"}
    assert SHAPES.keys() - set(TELL_A_PATH) == others | {"cancelled_in_temporal", "continued_in_a_rest"}


@pytest.mark.parametrize("runner", [sandbox(), UnsandboxedWorkflowRunner()], ids=["sandboxed", "as in production"])
@pytest.mark.parametrize("name", SHAPES)
async def test_a_released_history_replays_on_todays_code(name: str, runner: WorkflowRunner) -> None:
    replayer = Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter, workflow_runner=runner)
    await replayer.replay_workflow(_read(name).history)


@pytest.mark.parametrize("name", TELL_A_PATH)
async def test_a_released_history_still_tells_the_path_that_was_recorded(name: str) -> None:
    recorded = _read(name)
    assert await replay_history(recorded.history) == recorded.path


@pytest.mark.parametrize("name", SHAPES)
def test_no_address_and_no_name_is_in_a_history(name: str) -> None:
    recorded = _read(name)
    decoded = list(payloads(json.loads(recorded.text)["history"]))
    assert decoded
    for text in (recorded.text, *decoded):
        assert CONTACT.partition(".")[2] not in text
        assert ADDRESS.search(text) is None


def test_a_told_journey_without_the_follow_up_wait_is_short() -> None:
    assert len(_read("told_without_follow_up").history.events) <= MOST_EVENTS


@pytest.mark.parametrize("name", TELL_A_PATH)
async def test_a_history_that_is_fetched_at_any_moment_tells_the_beginning_of_its_path(name: str) -> None:
    """Between two tasks, or with one under way: what has been heard and not been answered is not told yet."""
    recorded = _read(name)
    assert recorded.path is not None
    events = recorded.history.events
    cuts = [place for place in range(1, len(events)) if events[place - 1].event_type in FOR_THE_NEXT_TASK]

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for place in cuts:
            yield WorkflowHistory(recorded.history.workflow_id, events[:place])

    whole = list(recorded.path.entries)
    async with aclosing(replay_histories(histories())) as replayed:
        paths = [each.told async for each in replayed]
    assert len(paths) == len(cuts)
    for path in paths:
        if isinstance(path, HistoryGone):
            continue
        assert isinstance(path, JourneyPath)
        *closed, last = path.entries
        assert closed == whole[: len(closed)]
        assert (last.step, last.entered_at) == (whole[len(closed)].step, whole[len(closed)].entered_at)
        assert last.left_at in (None, whole[len(closed)].left_at)
