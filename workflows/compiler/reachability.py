"""Checks the control flow of a document: every thread and step is reachable, and no loop is without a rest."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from schemas.document.conversation import ConversationDocument
from workflows.compiler.control_flow import Flow, rests
from workflows.compiler.diagnostics import Diagnostic, Path, listed


def find_control_flow_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    """What is wrong with the control flow of a document."""
    flow = Flow(document)
    yield from _no_such_thread(document, flow)
    yield from _unreachable_threads(document, flow)
    yield from _unreachable_steps(flow)
    yield from _restless_loops(document, flow)


def _no_such_thread(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    names = [thread.name for thread in document.threads]
    for path, spot in flow.spots.items():
        said = spot.section.thread
        if said is not None and spot.goes_to is None:
            near = get_close_matches(said.lower(), [name.lower() for name in names], n=1)
            meant = next((name for name in names if near and name.lower() == near[0]), None)
            there_are = f"The threads are: {listed(names)}"
            yield Diagnostic(
                (*path, spot.section.kind),
                f"there is no thread '{said}'",
                f"Did you mean '{meant}'?" if meant is not None else there_are,
            )


def _unreachable_threads(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    entered = [index for index, thread in enumerate(document.threads) if thread.on is not None]
    if not entered and not document.alerts:
        # Reported once, for the whole conversation: nobody enters it.
        return
    reached = {spot.thread for spot in flow.reached(entered).values()}
    for index, thread in enumerate(document.threads):
        # Of two threads with one name, which one a go_to means is not known yet.
        if index not in reached and flow.thread_named[thread.name] == index:
            yield Diagnostic(
                ("threads", index),
                "no contact gets here: this thread is entered on no event, and no step that is reached goes to it",
                f"Add an 'on' with an event, or a step '- go_to: {thread.name}', or remove the thread",
            )


def _unreachable_steps(flow: Flow) -> Iterator[Diagnostic]:
    """The first step of each list that is not reached, where the one before it is."""
    reached = {path for thread in flow.threads for path in flow.inside(thread)}
    for path in flow.spots:
        if path not in reached and (before := _one_before(path)) in reached:
            position = f"steps[{before[-1]}]" if before[-2] == "steps" else f"{before[-2]}[{before[-1]}]"
            why, advice = flow.spots[before].section.blocks(position) or (
                f"every branch of the step before it ({position}) leaves the thread",
                "Let a branch go on by removing its exit or go_to, or remove what follows",
            )
            yield Diagnostic(path, f"no contact gets here: {why}", advice)


def _one_before(path: Path) -> Path:
    index = path[-1]
    assert isinstance(index, int), "a step's path ends with its position"
    return (*path[:-1], index - 1)


def _restless_loops(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    """Each go_to that closes a loop without a rest: the search stops at a step that rests."""
    leads = flow.leads(lambda section: not rests(section))
    while (loop := _shortest_loop(leads)) is not None:
        names = [f"'{document.threads[thread].name}'" for thread in loop]
        names += names[:1]
        way = (
            f"from {names[0]} to itself"
            if len(loop) == 1
            else f"from {' to '.join(names[:-1])} and back to {names[-1]}"
        )
        for path in leads[loop[-1]].pop(loop[0]):
            yield Diagnostic(
                path,
                f"a contact would go round {way} without end, and nowhere on the way is a rest of an hour or more",
                "Add a step 'wait: 1 day' on the way round, or leave it by an 'exit'",
            )


def _shortest_loop(leads: Mapping[int, Mapping[int, object]]) -> list[int] | None:
    """The threads of a shortest loop, from the earliest thread of the document that is in one."""
    for start in leads:
        came_from: dict[int, int] = {}
        ahead = [start]
        for thread in ahead:
            for to in leads[thread]:
                if to == start:
                    loop = [thread]
                    while loop[0] != start:
                        loop.insert(0, came_from[loop[0]])
                    return loop
                if to not in came_from:
                    came_from[to] = thread
                    ahead.append(to)
    return None
