"""The ids that programs, paths, reports and the ledger know steps by: unique within a document."""

from collections.abc import Mapping
from typing import Any, TypeVar

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import AnyStep, Place, every_step
from schemas.ids import StepId
from schemas.journey.activities import QUESTION_STEP
from schemas.model import Model

RESERVED_STEP_IDS = frozenset({"waiting-list", "until-reminder", "until-confirmed", QUESTION_STEP})
"""A journey's path uses these for places that are not steps."""
_LONGEST_BASE = 55
"""Characters of an id before its number."""

ModelT = TypeVar("ModelT", bound=Model)


def steps_with_places(document: ConversationDocument) -> Mapping[Place, AnyStep]:
    """All steps of a document, in its order, each by its place."""
    return {
        ("threads", index, "steps", *place): step
        for index, thread in enumerate(document.threads)
        for place, step in every_step(thread.steps)
    }


def ids_for_unnamed(document: ConversationDocument, kept: Mapping[Place, StepId] | None = None) -> dict[Place, StepId]:
    """An id for each step that has none, by its place; unique, unless the author gave one id twice.

    Args:
        kept: the former ids of steps without an id; not used where the author gave that id to another step.
    """
    steps = steps_with_places(document)
    free = FreeIds({*RESERVED_STEP_IDS, *(step.id for step in steps.values() if step.id is not None)})
    unnamed = {place: step for place, step in steps.items() if step.id is None}
    found = {place: own for place, own in (kept or {}).items() if place in unnamed and free.take(own)}
    for place, step in unnamed.items():
        if place not in found:
            own = step.default_id()
            found[place] = own if free.take(own) else free.like(own)
    return {place: found[place] for place in unnamed}


def with_ids(document: ConversationDocument, ids: Mapping[Place, StepId] | None = None) -> ConversationDocument:
    """The same document with these ids at their places; without `ids`, with one for every step that has none."""
    for place, own in (ids_for_unnamed(document) if ids is None else ids).items():
        document = _put(document, (*place, "id"), own)
    return document


class FreeIds:
    """Gives each free id once."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._tried: dict[str, int] = {}

    def take(self, own: StepId) -> bool:
        """Take this id; false if it is taken."""
        free = own not in self._taken
        self._taken.add(own)
        return free

    def like(self, own: StepId) -> StepId:
        """Take an id like this one, with a number."""
        base = own[:_LONGEST_BASE].rstrip("-")
        number = self._tried.get(base, 1) + 1
        while not self.take(numbered := StepId(f"{base}-{number}")):
            number += 1
        self._tried[base] = number
        return numbered


def _put(part: ModelT, place: Place, value: object) -> ModelT:
    name, *deeper = place
    return part.model_copy(update={str(name): _put_in(getattr(part, str(name)), (*deeper,), value)})


def _put_in(part: Any, place: Place, value: object) -> Any:
    match place:
        case ():
            return value
        case (int() as index, *deeper):
            return (*part[:index], _put_in(part[index], (*deeper,), value), *part[index + 1 :])
        case _:
            return _put(part, place, value)
