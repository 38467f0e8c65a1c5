"""The rules that hold between the parts of a document: a send names a message that exists, no two steps have one id.
Those of its doors are in entrances, those of the ways through it in ways. What one part may say by itself is the
business of schemas.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from schemas.conversation import ConversationDocument
from schemas.ids import StepId
from schemas.steps import DEEPEST, STEP_LISTS, AnyStep, DecideStep, SendStep, SplitStep, branches, every_step
from workflows.interpreter.entrances import find_entrance_mistakes
from workflows.interpreter.mistakes import Mistake, Path, format_path, listed
from workflows.interpreter.step_ids import RESERVED_STEP_IDS, step_id
from workflows.interpreter.ways import find_way_mistakes


def find_contradictions(document: ConversationDocument) -> tuple[Mistake, ...]:
    """Everything that does not fit together, in no particular order."""
    places = tuple(_places(document))
    return (
        *find_entrance_mistakes(document),
        *find_way_mistakes(document),
        *_step_id_mistakes(places),
        *_send_mistakes(document, places),
        *_branch_mistakes(places),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    section: AnyStep


def _places(document: ConversationDocument) -> Iterator[_Place]:
    for index, thread in enumerate(document.threads):
        for way, section in every_step(thread.steps):
            yield _Place(("threads", index, "steps", *way), section)


def _step_id_mistakes(places: tuple[_Place, ...]) -> Iterator[Mistake]:
    first_with: dict[StepId, Path] = {}
    free_ids = _FreeIds({step_id(place.section) for place in places})
    for place in places:
        own = step_id(place.section)
        if own in RESERVED_STEP_IDS:
            yield Mistake(
                place.path,
                f"the step id '{own}' is taken: it stands for the time between threads",
                "Give this step an 'id' of its own",
            )
        first = first_with.setdefault(own, place.path)
        if first != place.path:
            yield Mistake(
                place.path,
                f"the step id '{own}' is already that of {format_path(first)}; "
                "reports and running journeys tell steps apart by it",
                f"Give this step an id of its own, for example 'id: {free_ids.like(own)}'",
            )


@dataclass(slots=True)
class _FreeIds:
    """Proposes each id that is free once."""

    used: set[StepId]
    tried: dict[str, int] = field(default_factory=dict[str, int])

    def like(self, taken: StepId) -> StepId:
        base = taken[:55]
        number = self.tried.get(base, 1) + 1
        while (free := StepId(f"{base}-{number}")) in self.used:
            number += 1
        self.tried[base] = number
        self.used.add(free)
        return free


def _send_mistakes(document: ConversationDocument, places: tuple[_Place, ...]) -> Iterator[Mistake]:
    advice: dict[str, str] = {}
    for place in places:
        if isinstance(place.section, SendStep) and place.section.send not in document.messages:
            code = place.section.send
            if code not in advice:
                near = get_close_matches(code, document.messages, n=1)
                there_are = f"The messages there are: {listed(document.messages)}"
                advice[code] = f"Did you mean '{near[0]}'?" if near else there_are
            yield Mistake((*place.path, "send"), f"there is no message '{code}'", advice[code])


def _branch_mistakes(places: tuple[_Place, ...]) -> Iterator[Mistake]:
    for place in places:
        match place.section:
            case DecideStep(decide=ways):
                kind = "decide"
            case SplitStep(split=ways):
                kind = "split"
            case _:
                kind, ways = "", ()
        first_named: dict[str, int] = {}
        for index, way in enumerate(ways):
            first = first_named.setdefault(way.name, index)
            if first != index:
                yield Mistake(
                    (*place.path, kind, index, "name"),
                    f"{kind}[{first}] is called '{way.name}' too, and paths and reports tell branches apart by it",
                    "Give one of them another name",
                )
        if _depth(place.path) == DEEPEST and any(inside for _, inside in branches(place.section)):
            yield Mistake(
                place.path,
                f"branches stand more than {DEEPEST} deep inside branches here",
                "Put these steps into a thread of their own, without 'on', and lead there with 'go_to'",
            )


def _depth(path: Path) -> int:
    """How many branches stand around a step."""
    return sum(1 for part in path if part in STEP_LISTS) - 1
