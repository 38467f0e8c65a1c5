"""What was released stays as it was, and all that a journey may be told, ask and do is in some stored history."""

import hashlib
import json
from functools import cache
from typing import Any, get_args

import pytest

from schemas.document.steps import Step
from schemas.journey.names import Activity, Signal, Workflow
from schemas.journey.signals import Intervene
from tests.histories.record import FOLDER, HASHES
from tests.histories.test_histories import payloads


def _released() -> dict[str, str]:
    """The hash of each released history, by file name."""
    lines = HASHES.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


@cache
def _histories() -> tuple[str, ...]:
    return tuple(file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.json")))


@cache
def _said() -> str:
    """All that is written in the histories, payloads decoded."""
    return "\n".join(text for history in _histories() for text in (history, *payloads(json.loads(history)["history"])))


def test_a_released_history_is_never_changed_nor_taken_away() -> None:
    here = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FOLDER.glob("*.json")}
    assert here == _released()


@pytest.mark.parametrize("name", [*Signal, *Activity, *Workflow])
def test_every_name_that_stands_in_histories_is_in_a_stored_one(name: str) -> None:
    assert f'"{name}"' in _said()


def _kinds(union: Any) -> list[str]:
    return [member.model_fields["kind"].default for member in get_args(union)]


@pytest.mark.parametrize("kind", _kinds(Intervene.model_fields["intervention"].annotation))
def test_every_kind_of_intervention_is_in_a_stored_history(kind: str) -> None:
    assert f'"intervention":{{"kind":"{kind}"' in _said()


@pytest.mark.parametrize("kind", _kinds(get_args(Step)[0]))
def test_every_kind_of_step_was_walked_in_a_stored_history(kind: str) -> None:
    paths = [json.loads(history)["path"] for history in _histories()]
    assert any(entry["kind"] == kind for path in paths if path for entry in path["entries"])
