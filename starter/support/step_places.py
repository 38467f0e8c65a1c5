"""Where each step of a version stands, for people: in which thread, what it does in words, and what follows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import AnyStep, every_step, step_id
from schemas.ids import StepId
from schemas.journey.program import Program


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A published version as it is stored; perhaps in a form that this release cannot read."""

    id: str
    document: object
    program: object


@dataclass(frozen=True, slots=True)
class StepPlace:
    """One step.

    Attributes:
        thread: the name of the thread that it stands in; `on`: the event that this is entered on.
        said: what it does, in words.
    """

    thread: str
    on: str | None
    said: str
    section: AnyStep


class StepPlaces:
    """The steps of one version; of one that this release cannot read, none."""

    def __init__(self, stored: StoredVersion | None) -> None:
        self._places: Mapping[StepId, StepPlace] = {}
        self.program: Program | None = None
        self.name: str | None = None
        if stored is None:
            return
        try:
            document = ConversationDocument.model_validate(stored.document)
            self.program = Program.model_validate(stored.program)
        except ValidationError:
            return
        self.name = document.name
        self._places = {
            step_id(step): StepPlace(thread.name, thread.on, step.say(), step)
            for thread in document.threads
            for _, step in every_step(thread.steps)
        }

    def of(self, step: str) -> StepPlace | None:
        """Where a step stands; None: it is none of the document's, as the waiting list."""
        return self._places.get(StepId(step))

    def after(self, step: str) -> str | None:
        """What follows a step once it is over, in words; None: nothing, or it depends."""
        compiled = None if self.program is None else self.program.steps.get(StepId(step))
        following = None if compiled is None else compiled.after_skipping
        place = None if following is None else self._places.get(following)
        return None if place is None else place.said

    def first_on(self, event: str) -> tuple[str | None, str | None]:
        """The thread that an event leads to first, and its first step in words; None where there is none."""
        threads = () if self.program is None else self.program.threads_on(event)
        place = self._places.get(threads[0].first) if threads else None
        return (None, None) if place is None else (place.thread, place.said)
