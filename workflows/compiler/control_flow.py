"""The control flow of a document: where each step leads, what is reachable, and where the loops are.

It is made from the document's sections, so it is there also for a document that cannot be compiled. Steps are known by
their path; a go_to to a thread that does not exist leads nowhere.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import AnyStep, SendStep, Status
from workflows.compiler.diagnostics import Path


@dataclass(frozen=True, slots=True)
class Spot:
    """A step in its place.

    Attributes:
        thread: the position of its thread.
        next: where it may lead inside the thread; None: the thread's end.
        goes_to: the thread it leads to.
    """

    path: Path
    section: AnyStep
    thread: int
    next: tuple[Path | None, ...] = ()
    goes_to: int | None = None


def first_step(thread: int) -> Path:
    """Where a thread begins."""
    return ("threads", thread, "steps", 0)


def rests(section: AnyStep) -> bool:
    """Whether a step rests long enough to stand in a loop."""
    return section.rest is not None and section.rest.breaks_loop


class Flow:
    """The control flow graph of one document."""

    def __init__(self, document: ConversationDocument) -> None:
        self.threads = range(len(document.threads))
        self.thread_named = {thread.name: index for index, thread in reversed([*enumerate(document.threads)])}
        self.spots: Mapping[Path, Spot] = {
            spot.path: spot
            for index, thread in enumerate(document.threads)
            for spot in self._lay(thread.steps, index, ("threads", index, "steps"), None)
        }

    def _lay(self, steps: tuple[AnyStep, ...], thread: int, place: Path, after: Path | None) -> Iterator[Spot]:
        for index, section in enumerate(steps):
            path = (*place, index)
            following = (*place, index + 1) if index + 1 < len(steps) else after
            inner = [((*path, *way.place), way.steps) for way in section.ways()]
            if section.thread is not None:
                yield Spot(path, section, thread, goes_to=self.thread_named.get(section.thread))
            elif inner:
                yield Spot(path, section, thread, tuple((*way, 0) if inside else following for way, inside in inner))
            else:
                ends = section.blocks("") is not None
                yield Spot(path, section, thread, (None if ends else following,))
            for way, inside in inner:
                yield from self._lay(inside, thread, way, following)

    def inside(self, thread: int, beyond: Callable[[AnyStep], bool] = lambda _: True) -> Mapping[Path, Spot]:
        """What is reached within a thread from its first step, going on only `beyond` steps where that is true."""
        return self._follow([first_step(thread)], beyond, across=False)

    def reached(self, threads: Iterable[int]) -> Mapping[Path, Spot]:
        """What is reached from the first steps of these threads, in other threads too."""
        return self._follow((first_step(thread) for thread in threads), lambda _: True, across=True)

    def after_rests(self) -> Mapping[Path, Spot]:
        """What is reached behind a rest."""
        resting = [spot for spot in self.spots.values() if spot.section.rest is not None]
        return self._follow((way for spot in resting for way in self._ways(spot)), lambda _: True, across=True)

    def _ways(self, spot: Spot, *, across: bool = True) -> Iterator[Path]:
        yield from (way for way in spot.next if way is not None)
        if across and spot.goes_to is not None:
            yield first_step(spot.goes_to)

    def _follow(self, begin: Iterable[Path], beyond: Callable[[AnyStep], bool], *, across: bool) -> Mapping[Path, Spot]:
        reached: dict[Path, Spot] = {}
        ahead = [*begin]
        while ahead:
            if (path := ahead.pop()) not in reached:
                spot = reached[path] = self.spots[path]
                if beyond(spot.section):
                    ahead += self._ways(spot, across=across)
        return reached

    def leads(self, beyond: Callable[[AnyStep], bool] = lambda _: True) -> dict[int, dict[int, list[Path]]]:
        """By thread, the threads it leads to and by which steps, going on only `beyond` steps where that is true."""
        found: dict[int, dict[int, list[Path]]] = {thread: {} for thread in self.threads}
        inside = {thread: self.inside(thread, beyond) for thread in self.threads}
        for path, spot in self.spots.items():
            if spot.goes_to is not None and path in inside[spot.thread]:
                found[spot.thread].setdefault(spot.goes_to, []).append(path)
        return found

    def in_loops(self) -> frozenset[Path]:
        """The steps that a contact may come to again."""
        leads = self.leads()
        after = {thread: {thread, *_all_behind(leads, thread)} for thread in self.threads}
        looping: set[Path] = set()
        for thread in self.threads:
            ends = [path for to, paths in leads[thread].items() if thread in after[to] for path in paths]
            if ends:
                looping |= self._before(ends, self.inside(thread))
        return frozenset(looping)

    def _before(self, ends: list[Path], among: Mapping[Path, Spot]) -> set[Path]:
        """Those from which one of `ends` is reached without leaving the thread."""
        behind: dict[Path, list[Path]] = {}
        for path, spot in among.items():
            for way in self._ways(spot, across=False):
                behind.setdefault(way, []).append(path)
        found: set[Path] = set()
        ahead = [*ends]
        while ahead:
            if (path := ahead.pop()) not in found:
                found.add(path)
                ahead += behind.get(path, [])
        return found

    def soonest(self, threads: Iterable[int], *, already_told: bool = False) -> "Soonest":
        """How soon after their first message contacts come to each step, on the quickest way.

        Args:
            already_told: they had it just before these threads begin.
        """
        order = count()
        ahead: list[tuple[timedelta, int, bool, Path | None]] = [
            (timedelta(0), next(order), already_told, first_step(thread)) for thread in threads
        ]
        told: dict[Path | None, timedelta] = {}
        untold: set[Path | None] = set()
        while ahead:
            since, _, was_told, path = heappop(ahead)
            if path in (told if was_told else untold):
                continue
            if was_told:
                told[path] = since
            else:
                untold.add(path)
            if path is None:
                continue
            spot = self.spots[path]
            if isinstance(spot.section, SendStep) and spot.section.status is not Status.DRAFT:
                was_told = True
            ways = [*spot.next] if spot.goes_to is None else [first_step(spot.goes_to)]
            for index, way in enumerate(ways):
                later = since + _least(spot.section, index) if was_told else since
                heappush(ahead, (later, next(order), was_told, way))
        return Soonest(told, frozenset(untold))


@dataclass(frozen=True, slots=True)
class Soonest:
    """How soon steps are reached.

    Attributes:
        told: by step, and by None for the end: the least time since a first message that was no draft.
        untold: what is also reached without one.
    """

    told: Mapping[Path | None, timedelta]
    untold: frozenset[Path | None]


def _least(section: AnyStep, way: int) -> timedelta:
    """The least time on this way out of a step."""
    ways = section.ways()
    return ways[way].least if ways else section.least


def _all_behind(leads: Mapping[int, Mapping[int, object]], thread: int) -> set[int]:
    found: set[int] = set()
    ahead = [*leads[thread]]
    while ahead:
        if (to := ahead.pop()) not in found:
            found.add(to)
            ahead += leads[to]
    return found
