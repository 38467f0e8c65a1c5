"""How the steps of two conversations differ: matched by their ids wherever they stand, then by their places."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.steps import (
    AnyStep,
    ArmSection,
    BranchSection,
    DecideStep,
    SplitStep,
    WaitForStep,
    WaitStep,
)
from starter.difference_words import change, criteria_changed, differing, listed, order_changes, quoted, value_of
from starter.step_words import say_step, say_steps
from workflows.interpreter.step_ids import step_id

_NESTED = frozenset({"decide", "otherwise", "split", "happened", "did_not"})
_WORDS = {
    "send": "the message",
    "wait_until": "the moment",
    "wait_for": "what is waited for",
    "within": "the longest wait",
    "set_attribute": "the attribute",
    "to": "the value",
    "add_tag": "the tag",
    "add_to_list": "the list",
    "call_webhook": "the address",
    "required": "whether it is required",
    "go_to": "the thread",
    "exit": "the reason",
    "id": "the id",
}


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
        match self.step:
            case WaitStep(id=None):
                before = self.before
                return f"the wait after {quoted(step_id(before.step))}" if before else "the wait at the start"
            case _:
                return f"step {quoted(step_id(self.step))}"


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
        spot.inside = [_row(f"{way}, {_way(step, label)}", named_, inner) for label, named_, inner in _ways(step)]
        row.spots.append(spot)
    return row


def _way(step: AnyStep, label: str) -> str:
    return f"in {quoted(step_id(step))}, {label}"


def _ways(step: AnyStep) -> Iterator[tuple[str, Hashable, Sequence[AnyStep]]]:
    """The ways inside a step: in words, by what it is matched, and its steps."""
    match step:
        case WaitForStep(happened=happened, did_not=did_not):
            yield "if it happened", "happened", happened
            yield "if it did not", "did_not", did_not
        case DecideStep(decide=ways, otherwise=otherwise):
            for key, way in _branches(ways).items():
                yield f"branch {quoted(way.name)}", key, way.steps
            yield "otherwise", "otherwise", otherwise
        case SplitStep(split=arms):
            for key, way in _branches(arms).items():
                yield f"branch {quoted(way.name)}", key, way.steps
        case _:
            return


def _branches(
    ways: Sequence[BranchSection] | Sequence[ArmSection],
) -> dict[tuple[str, int], BranchSection | ArmSection]:
    """By name, and how many before have the same."""
    found: dict[tuple[str, int], BranchSection | ArmSection] = {}
    for way in ways:
        found[way.name, sum(name == way.name for name, _ in found)] = way
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
            yield f"{where}: {_named(spot)} is gone: {say_step(spot.step)}"
    stayed = [spot.pair for spot in old.spots if spot.pair is not None and spot.pair.row is new]
    moved = {id(spot) for spot, _ in order_changes(stayed, sorted(stayed, key=lambda each: each.index))}
    for spot in new.spots:
        was = spot.pair
        if was is None:
            inside = "" if not spot.inside else _inside(spot)
            yield f"{where}: {_named(spot)} is new, {_place(spot)}: {say_step(spot.step)}{inside}"
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
    return (
        "a wait" if isinstance(spot.step, WaitStep) and spot.step.id is None else f"step {quoted(step_id(spot.step))}"
    )


def _place(spot: _Spot) -> str:
    before = spot.before
    return f"after {quoted(step_id(before.step))}" if before is not None else "first"


def _of_step(old: _Spot, new: _Spot) -> Iterator[str]:
    """What changed of a step itself."""
    one, other = old.step, new.step
    for name in differing(one, other):
        if name in _NESTED:
            continue
        before, after = value_of(one, name), value_of(other, name)
        match name:
            case "wait":
                yield change(new.called, before, after)
            case "status":
                yield f"{new.called} is {after} instead of {before}"
            case "wait_for":
                yield f"{new.called} waits for {listed(after)} instead of {listed(before)}"
            case _:
                yield f"{new.called}: {change(_WORDS[name], before, after)}"
    match one, other:
        case (DecideStep(decide=ours), DecideStep(decide=theirs)):
            yield from _of_branches(new, _branches(ours), _branches(theirs))
        case (SplitStep(split=ours), SplitStep(split=theirs)):
            yield from _of_branches(new, _branches(ours), _branches(theirs))
        case _:
            pass


def _of_branches(
    spot: _Spot,
    olds: dict[tuple[str, int], BranchSection | ArmSection],
    news: dict[tuple[str, int], BranchSection | ArmSection],
) -> Iterator[str]:
    for key in olds:
        if key not in news:
            yield f"{spot.called}: branch {quoted(key[0])} is gone"
    for key, way in news.items():
        was, name = olds.get(key), f"{spot.called}: branch {quoted(key[0])}"
        match was, way:
            case (BranchSection(), BranchSection()):
                if differing(was, way, ("when",)):
                    yield f"{name}: {criteria_changed('the criteria', was.when, way.when)}"
            case (ArmSection(), ArmSection()):
                if was.share != way.share:
                    yield f"{name}: {change('the share', was.share, way.share)}"
            case (_, BranchSection()):
                yield f"{name} is new: when {value_of(way, 'when')}; {say_steps(way.steps)}"
            case _:
                yield f"{name} is new, with a share of {way.share}: {say_steps(way.steps)}"
    for key, previous in order_changes([key for key in olds if key in news], [key for key in news if key in olds]):
        where = f"comes after {quoted(previous[0])}" if previous is not None else "comes first"
        yield f"{spot.called}: branch {quoted(key[0])} {where} now"
