"""Gives ids to the steps of a document that is saved or published, once: what was saved before keeps its ids, whatever
its words become. So moving, comparing and dry runs know a step again, though its author wrote no id.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import AnyStep, Place
from schemas.ids import StepId
from schemas.responses.versions import GivenId
from starter.authoring.marked_yaml import read_yaml
from workflows.compiler.diagnostics import format_path
from workflows.compiler.step_ids import ids_for_unnamed, steps_with_places, with_ids

_PLAIN = re.compile(r"[a-z][a-z0-9-]*")
_OTHER_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Texts that some reader of YAML takes for something else, unless they stand in quotes."""


@dataclass(frozen=True, slots=True)
class NamedSteps:
    """A document of which every step has an id.

    Attributes:
        source: the text it was read from, with the ids that were given; None where there was none.
        given: the ids that were given, in the order of the document.
    """

    document: ConversationDocument
    source: str | None
    given: tuple[GivenId, ...]


def name_steps(document: ConversationDocument, source: str | None, previous: ConversationDocument | None) -> NamedSteps:
    """Give an id to every step that has none: the one it had in the version before, or else one that is free.

    Args:
        source: the text that the document was read from.
        previous: what was saved or published before.
    """
    kept = {} if previous is None else _ids_before(document, with_ids(previous))
    ids = ids_for_unnamed(document, kept)
    return NamedSteps(
        with_ids(document, ids),
        source if source is None else write_ids(source, ids),
        tuple(GivenId(path=format_path(place), id=own) for place, own in ids.items()),
    )


def write_ids(source: str, ids: dict[Place, StepId]) -> str:
    """The same YAML with these ids as the first field of their steps. Nothing else in the text is touched."""
    groups = read_yaml(source).groups
    line_break = "\r\n" if "\r\n" in source else "\n"
    insertions: list[tuple[int, str]] = []
    for place, own in ids.items():
        group = groups[place]
        plain = _PLAIN.fullmatch(own) is not None and own not in _OTHER_WORDS
        field = f"id: {own}" if plain else f"id: '{own}'"
        if not group.flow:
            insertions.append((group.begin, f"{field}{line_break}{' ' * group.column}"))
        elif source[group.begin] == "{":
            insertions.append((group.begin + 1, f"{field}, "))
        else:
            # One field alone between brackets: `[send: hello]`.
            insertions += [(group.begin, f"{{{field}, "), (group.end, "}")]
    for at, text in sorted(insertions, reverse=True):
        source = source[:at] + text + source[at:]
    return source


@dataclass(frozen=True, slots=True)
class _Spot:
    """A step where it stands."""

    place: Place
    step: AnyStep

    @property
    def words(self) -> tuple[str, str]:
        """What it does, whatever it is called."""
        return self.step.kind, self.step.say()


_Row = list[_Spot]
"""The steps of a thread, or of one way inside a step."""


def _ids_before(document: ConversationDocument, previous: ConversationDocument) -> dict[Place, StepId]:
    """What the steps without an id were called in the version before, as far as they are found again."""
    olds, news = ([_Spot(*each) for each in steps_with_places(each).items()] for each in (previous, document))
    taken = {spot.step.id for spot in news}
    matching = _Matching()
    by_id = {(spot.step.kind, spot.step.id): spot for spot in olds}
    for new in news:
        if new.step.id is not None and (old := by_id.get((new.step.kind, new.step.id))) is not None:
            matching.pair(old, new)
    threads = {thread.name: index for index, thread in enumerate(previous.threads)}
    for index, thread in enumerate(document.threads):
        if (was := threads.get(thread.name)) is not None:
            before = _row(("threads", was, "steps"), previous.threads[was].steps)
            matching.match_rows(before, _row(("threads", index, "steps"), thread.steps))
    matching.match_moved(olds, news)
    return {
        new.place: StepId(old.step.id)
        for new, old in matching.pairs
        if new.step.id is None and old.step.id is not None and old.step.id not in taken
    }


class _Matching:
    """Finds the steps of a version again in the next, each at most once."""

    def __init__(self) -> None:
        self._old_of: dict[Place, _Spot] = {}
        self._found: set[Place] = set()
        self.pairs: list[tuple[_Spot, _Spot]] = []
        """The new step, and what it was."""

    def pair(self, old: _Spot, new: _Spot) -> None:
        """These are the same step, unless one of them was found already."""
        if new.place not in self._old_of and old.place not in self._found:
            self._old_of[new.place] = old
            self._found.add(old.place)
            self.pairs.append((new, old))

    def match_rows(self, old: _Row, new: _Row) -> None:
        """Match what says the same in the same order; then what alone of its kind stands between the same steps; then
        what stands inside of those."""
        matcher = SequenceMatcher(None, [each.words for each in old], [each.words for each in new], autojunk=False)
        for a, b, size in matcher.get_matching_blocks():
            for was, now in zip(old[a : a + size], new[b : b + size], strict=True):
                self.pair(was, now)
        for was, now in self._gaps(old, new):
            for kind in {each.step.kind for each in now}:
                ours, theirs = ([each for each in row if each.step.kind == kind] for row in (was, now))
                # What is done once is known by its id in a ledger: another message, or call, is another step.
                if len(ours) == len(theirs) == 1 and ours[0].step.once is theirs[0].step.once is None:
                    self.pair(ours[0], theirs[0])
        rows = [(was, now) for was, now in ((self._old_of.get(each.place), each) for each in new) if was is not None]
        for was, now in rows:
            ways = {(way.place[0], way.name): way for way in was.step.ways()}
            for way in now.step.ways():
                if (before := ways.get((way.place[0], way.name))) is not None:
                    inside = _row((*was.place, *before.place), before.steps)
                    self.match_rows(inside, _row((*now.place, *way.place), way.steps))

    def _gaps(self, old: _Row, new: _Row) -> Iterator[tuple[_Row, _Row]]:
        """The steps not found yet that stand after the same step, or at the beginning of both rows."""
        behind: dict[Place | None, _Row] = {}
        anchor: Place | None = None
        for spot in old:
            if spot.place in self._found:
                anchor = spot.place
            else:
                behind.setdefault(anchor, []).append(spot)
        anchor, gap = None, list[_Spot]()
        for spot in new:
            if (was := self._old_of.get(spot.place)) is None:
                gap.append(spot)
            else:
                yield behind.get(anchor, []), gap
                anchor, gap = was.place, []
        yield behind.get(anchor, []), gap

    def match_moved(self, olds: Sequence[_Spot], news: Sequence[_Spot]) -> None:
        """Match what says the same somewhere else, where there is one such step in each version."""
        left = [spot for spot in olds if spot.place not in self._found]
        for new in [spot for spot in news if spot.place not in self._old_of]:
            ours = [spot for spot in left if spot.words == new.words]
            theirs = [spot for spot in news if spot.place not in self._old_of and spot.words == new.words]
            if len(ours) == len(theirs) == 1:
                self.pair(ours[0], new)


def _row(place: Place, steps: Sequence[AnyStep]) -> _Row:
    return [_Spot((*place, index), step) for index, step in enumerate(steps)]
