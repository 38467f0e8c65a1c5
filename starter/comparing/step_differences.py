"""How the steps of two conversations differ: matched by their ids wherever they stand, then by their places."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from schemas.criteria import All, AnyOf, Condition, Not
from schemas.document.steps import AnyStep, BaseBranch, Way, step_id
from schemas.document.steps.words import quoted
from starter.authoring.step_words import say_steps
from starter.comparing.words import change, criteria_changed, differing, listed, order_changes, value_of


@dataclass(eq=False, slots=True)
class _Row:
    """A list of steps: a thread's, or those of one way inside a step.

    Attributes:
        way: where it is, in words; empty for the thread itself.
        named: what the way is called, when it is matched with that of another version.
    """

    way: str
    named: Hashable
    spots: list["_Spot"]
    pair: "_Row | None" = None


@dataclass(eq=False, slots=True)
class _Spot:
    """A step where it stands."""

    step: AnyStep
    row: _Row
    index: int
    inside: list[_Row] = field(default_factory=list["_Row"])
    pair: "_Spot | None" = None

    @property
    def before(self) -> "_Spot | None":
        return self.row.spots[self.index - 1] if self.index else None

    @property
    def called(self) -> str:
        """What it is called in a sentence."""
        if self.step.id is not None or self.step.without_id is None:
            return f"step {quoted(step_id(self.step))}"
        place = f"after {quoted(step_id(self.before.step))}" if self.before else "at the start"
        return f"the {self.step.without_id} {place}"


class StepDifferences:
    """Collects the threads of two conversations, matches their steps, and tells what changed in each thread."""

    def __init__(self) -> None:
        self._old: list[_Row] = []
        self._threads: dict[Hashable, tuple[str, _Row, _Row | None]] = {}

    def add_thread(self, key: Hashable, name: str, old: Sequence[AnyStep] | None, new: Sequence[AnyStep]) -> None:
        """A thread of the new version, with its steps in the old one if it was there."""
        row, was = _row("", None, new), _row("", None, old) if old is not None else None
        self._threads[key] = (name, row, was)
        if was is not None:
            self._old.append(was)
            row.pair, was.pair = was, row

    def add_gone(self, steps: Sequence[AnyStep]) -> None:
        """A thread that the new version does not have; its steps may stand elsewhere now."""
        self._old.append(_row("", None, steps))

    def match(self) -> None:
        """Find out which steps are the same, when all threads are there."""
        news = _numbered([row for _, row, _ in self._threads.values()])
        for key, spot in _numbered(self._old).items():
            if (other := news.get(key)) is not None:
                _match(spot, other)
        pairs = [(was, row) for _, row, was in self._threads.values() if was is not None]
        pairs += [pair for spot in news.values() if spot.pair for pair in _ways_paired(spot.pair, spot)]
        while pairs:
            old, new = pairs.pop(0)
            pairs += [pair for spot, other in _match_by_place(old, new) for pair in _ways_paired(spot, other)]

    def of_thread(self, key: Hashable) -> Iterator[str]:
        """A sentence per change in a thread of both versions."""
        name, row, was = self._threads[key]
        if was is not None:
            yield from _of_rows(f"thread {quoted(name)}", was, row)


def _row(way: str, named: Hashable, steps: Sequence[AnyStep]) -> _Row:
    row = _Row(way, named, [])
    for index, step in enumerate(steps):
        spot = _Spot(step, row, index)
        spot.inside = [
            _row(f"{way}, in {quoted(step_id(step))}, {each.said}", key, each.steps)
            for key, each in _ways(step).items()
        ]
        row.spots.append(spot)
    return row


_WayKey: TypeAlias = tuple[str | int, str, int]
"""What a way inside a step is matched by: the field it stands in, its name, and how many before have the same."""


def _ways(step: AnyStep) -> dict[_WayKey, Way]:
    found: dict[_WayKey, Way] = {}
    for way in step.ways():
        same = sum((field, name) == (way.place[0], way.name) for field, name, _ in found)
        found[way.place[0], way.name, same] = way
    return found


def _every(rows: Sequence[_Row]) -> Iterator[_Spot]:
    for row in rows:
        for spot in row.spots:
            yield spot
            yield from _every(spot.inside)


def _numbered(rows: Sequence[_Row]) -> dict[tuple[type[AnyStep], str, int], _Spot]:
    """By kind and id, and how many before have the same."""
    found: dict[tuple[type[AnyStep], str, int], _Spot] = {}
    seen: dict[tuple[type[AnyStep], str], int] = {}
    for spot in _every(rows):
        name = type(spot.step), step_id(spot.step)
        found[(*name, seen.get(name, 0))] = spot
        seen[name] = seen.get(name, 0) + 1
    return found


def _match(old: _Spot, new: _Spot) -> None:
    old.pair, new.pair = new, old


def _ways_paired(old: _Spot, new: _Spot) -> Iterator[tuple[_Row, _Row]]:
    """The ways of the same name inside two steps that are the same, which are the same from now on."""
    theirs = {row.named: row for row in new.inside}
    for row in old.inside:
        if (other := theirs.get(row.named)) is not None and row.pair is None and other.pair is None:
            row.pair, other.pair = other, row
            yield row, other


def _match_by_place(old: _Row, new: _Row) -> Iterator[tuple[_Spot, _Spot]]:
    """Steps of one kind that stand after the same step: those whose id comes from what they do, and that changed."""
    left: dict[tuple[object, type[AnyStep]], list[_Spot]] = {}
    anchor: _Spot | None = None
    for spot in old.spots:
        if spot.pair is not None:
            anchor = spot
        else:
            left.setdefault((anchor, type(spot.step)), []).append(spot)
    anchor = None
    for spot in new.spots:
        if spot.pair is not None:
            anchor = spot.pair
        elif waiting := left.get((anchor, type(spot.step))):
            _match(found := waiting.pop(0), spot)
            yield found, spot


def _of_rows(thread: str, old: _Row, new: _Row) -> Iterator[str]:
    """What changed in a list of steps that both have, and inside its steps."""
    where = f"{thread}{new.way}"
    for spot in old.spots:
        if spot.pair is None:
            yield f"{where}: {_named(spot)} is gone: {spot.step.say()}"
    stayed = [spot.pair for spot in old.spots if spot.pair is not None and spot.pair.row is new]
    moved = {id(spot) for spot, _ in order_changes(stayed, sorted(stayed, key=lambda each: each.index))}
    for spot in new.spots:
        was = spot.pair
        if was is None:
            inside = "" if not spot.inside else _inside(spot)
            yield f"{where}: {_named(spot)} is new, {_place(spot)}: {spot.step.say()}{inside}"
            continue
        if was.row is not old or id(spot) in moved:
            yield f"{where}: {_named(spot)} was moved: it comes {_place(spot)} now"
        yield from (f"{where}: {each}" for each in _of_step(was, spot))
        for row in spot.inside:
            if row.pair is not None:
                yield from _of_rows(thread, row.pair, row)


def _inside(spot: _Spot) -> str:
    """What stands in the ways of a new step."""
    return "".join(
        f"; {row.way.rpartition(', ')[2]}: {say_steps([each.step for each in row.spots])}" for row in spot.inside
    )


def _named(spot: _Spot) -> str:
    unnamed = spot.step.without_id if spot.step.id is None else None
    return f"a {unnamed}" if unnamed is not None else f"step {quoted(step_id(spot.step))}"


def _place(spot: _Spot) -> str:
    before = spot.before
    return f"after {quoted(step_id(before.step))}" if before is not None else "first"


def _of_step(old: _Spot, new: _Spot) -> Iterator[str]:
    """What changed of a step itself."""
    one, other = old.step, new.step
    olds, news = _ways(one), _ways(other)
    nested = {field for field, _, _ in (*olds, *news)}
    for name in differing(one, other):
        if name in nested or (name == "id" and step_id(one) == step_id(other)):
            continue
        before, after = value_of(one, name), value_of(other, name)
        if (sentence := other.change_words.get(name)) is not None:
            yield sentence.format(step=new.called, before=listed(before), after=listed(after))
        else:
            yield f"{new.called}: {change(other.field_words.get(name, f'the {name}'), before, after)}"
    yield from _of_branches(new.called, olds, news)


def _of_branches(step: str, olds: Mapping[_WayKey, Way], news: Mapping[_WayKey, Way]) -> Iterator[str]:
    """What changed in the branches of a step that divides, less what stands in them."""
    branches = {key: way.branch for key, way in news.items() if way.branch is not None}
    for key, way in olds.items():
        if way.branch is not None and key not in news:
            yield f"{step}: branch {quoted(way.name)} is gone"
    for key, branch in branches.items():
        was, name = olds.get(key), f"{step}: branch {quoted(branch.name)}"
        if was is None:
            yield f"{name} is new{branch.introduced()}{say_steps(news[key].steps)}"
        elif was.branch is not None:
            yield from (f"{name}: {each}" for each in _of_branch(was.branch, branch))
    stayed = [key for key in olds if key in branches]
    for key, previous in order_changes(stayed, [key for key in branches if key in olds]):
        where = f"comes after {quoted(branches[previous].name)}" if previous is not None else "comes first"
        yield f"{step}: branch {quoted(branches[key].name)} {where} now"


def _of_branch(old: BaseBranch, new: BaseBranch) -> Iterator[str]:
    for name in differing(old, new, [*new.field_words]):
        before, after, words = getattr(old, name), getattr(new, name), new.field_words[name]
        if isinstance(after, All | AnyOf | Not | Condition):
            yield criteria_changed(words, before, after)
        else:
            yield change(words, before, after)
