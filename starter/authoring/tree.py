"""A document as a tree that is read from top to bottom: what begins a journey, where it waits, its threads and steps.

Pure. Every step of the document is in it once, at its place and under the id that paths and reports have it under, so
whoever has figures or a path by step lays them over it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from schemas.channels import Channel
from schemas.criteria import Node
from schemas.document.alert_types.registry import AnyAlert, raised_events
from schemas.document.alert_types.vocabulary import Action, AlertEvent
from schemas.document.conversation import ConversationDocument, ThreadSection
from schemas.document.steps import AnyStep, ArmSection, BranchSection, Place, SendStep, Status, Way
from schemas.time.durations import format_duration
from schemas.time.moments import Until, format_until
from workflows.compiler.diagnostics import format_path
from workflows.compiler.step_ids import with_ids

ALERT, EVENT, APART, SAID = "alert", "event", "apart", "still-waiting"
"""Kinds of node that are no rest and no step: an alert; an event and its threads; the threads that only a go_to leads
to; what is said to those who still wait."""
ASKED, CONFIRMED, LINE, REMINDER = "double-opt-in", "until-confirmed", "waiting-list", "until-reminder"
"""Kinds of node that are no step, and the ids that paths have them under: the question whether it was them, and the
rests."""


@dataclass(frozen=True, slots=True)
class TreeMessage:
    """The message that a node sends; what is None, the document does not have."""

    code: str
    channel: Channel | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """A value that a node tells of, as the document has it: whoever shows it says it in the reader's language.

    Attributes:
        field: the name of the field that it is of; empty: it is plain without.
    """

    value: object
    field: str = ""


@dataclass(frozen=True, slots=True)
class TreeWay:
    """A list of nodes inside a node: a branch, a thread, or what belongs to an alert.

    Attributes:
        kind: `thread`, `branch`, or `inside`, which has no name.
        said: who goes this way: criteria, or a share; None: everyone.
        place: of the thread or branch in the document.
        steps: of its list of steps; None: it holds other nodes.
    """

    kind: str
    name: str
    said: Node | int | None
    place: Place
    steps: Place | None
    nodes: tuple["TreeNode", ...]

    @property
    def path(self) -> str:
        """Its place, as people write it."""
        return format_path(self.place)

    @property
    def steps_path(self) -> str:
        """The place of its list of steps, likewise; empty: it holds other nodes."""
        return format_path(self.steps or ())


@dataclass(frozen=True, slots=True)
class TreeNode:
    """Something that happens, or where a journey is.

    Attributes:
        kind: the kind of a step, or one of the kinds above.
        id: of a step or rest, as paths and reports have it; None: it is neither.
        about: what it is about: a text, or a value as a detail has it; empty: its kind says it all.
        details: the rest of it.
        place: in the document: of a step, an alert, or the first thread on an event.
        alert: the alert that it belongs to; two alerts have a waiting list each.
        status: of a step that sends.
        ends: nothing after it is reached.
    """

    kind: str
    id: str | None
    about: object
    details: tuple[Detail, ...]
    place: Place
    ways: tuple[TreeWay, ...] = ()
    alert: str | None = None
    message: TreeMessage | None = None
    status: Status | None = None
    ends: bool = False

    @property
    def name(self) -> str:
        """What it is about, as the document has it."""
        return written(self.about)

    @property
    def path(self) -> str:
        """Its place, as people write it."""
        return format_path(self.place)


def tree_of(document: ConversationDocument) -> tuple[TreeNode, ...]:
    """The tree of a document: its alerts, then the events that enter it without one, then the other threads."""
    return _Planting(with_ids(document)).nodes()


def every_node(nodes: tuple[TreeNode, ...]) -> Iterator[TreeNode]:
    """All nodes of a tree, those inside others included, from top to bottom."""
    for node in nodes:
        yield node
        for way in node.ways:
            yield from every_node(way.nodes)


class _Planting:
    """One document on its way to a tree."""

    def __init__(self, document: ConversationDocument) -> None:
        self._document = document
        self._threads = [*enumerate(document.threads)]
        self._raised = {f"{code}.{event}" for code, alert in document.alerts.items() for event in raised_events(alert)}

    def nodes(self) -> tuple[TreeNode, ...]:
        alerts = [self._alert(code, alert) for code, alert in self._document.alerts.items()]
        others = dict.fromkeys(thread.on for thread in self._document.threads if thread.on not in self._raised)
        apart = [thread for thread in self._threads if thread[1].on is None]
        entered = [node for event in others if event is not None for node in self._event(event, None)]
        led_to = [TreeNode(APART, None, "", (), ("threads", apart[0][0]), self._ways(apart))] if apart else []
        return (*alerts, *entered, *led_to)

    def _alert(self, code: str, alert: AnyAlert) -> TreeNode:
        place: Place = ("alerts", code)
        inside = (
            *self._question(code, alert),
            *self._raised_event(code, AlertEvent.SUBSCRIPTION),
            self._line(code, alert),
            *self._raised_event(code, AlertEvent.ALERT),
            *self._reminders(code, alert),
            *self._raised_event(code, AlertEvent.FOLLOW_UP),
            *self._raised_event(code, AlertEvent.DISCONTINUED),
        )
        filters = (each for each in (alert.trigger_filter, alert.profile_filter) if each is not None)
        details = tuple(Detail(each) for each in (alert.type, alert.action, *filters))
        way = TreeWay("inside", "", None, place, None, inside)
        return TreeNode(ALERT, None, alert.name or code, details, place, (way,), code)

    def _question(self, code: str, alert: AnyAlert) -> Iterator[TreeNode]:
        asked = self._document.list.double_opt_in
        if asked is None or alert.action is not Action.SIGN_UP:
            return
        yield TreeNode(ASKED, ASKED, asked, (), ("list", "double_opt_in"), alert=code, message=self._message(asked))
        yield TreeNode(CONFIRMED, CONFIRMED, "", (), ("list", "double_opt_in"), alert=code)

    def _line(self, code: str, alert: AnyAlert) -> TreeNode:
        place: Place = ("alerts", code)
        said = tuple(
            TreeNode(
                SAID,
                None,
                each.send,
                (Detail(each.after), *((Detail(f"{each.times}×"),) if each.times > 1 else ())),
                (*place, "while_waiting", index),
                alert=code,
                message=self._message(each.send),
            )
            for index, each in enumerate(alert.queue.while_waiting)
        )
        ways = (TreeWay("inside", "", None, place, None, said),) if said else ()
        return TreeNode(LINE, LINE, "", (Detail(alert.relevancy_window),), place, ways, code)

    def _reminders(self, code: str, alert: AnyAlert) -> Iterator[TreeNode]:
        reminders = alert.queue.reminders
        if reminders is not None:
            details = (Detail(reminders.after), Detail(f"{reminders.times}×"))
            yield TreeNode(REMINDER, REMINDER, "", details, ("alerts", code, "reminders"), alert=code)

    def _raised_event(self, code: str, event: AlertEvent) -> Iterator[TreeNode]:
        if (named := f"{code}.{event}") in self._raised:
            yield from self._event(named, code)

    def _event(self, event: str, alert: str | None) -> Iterator[TreeNode]:
        """The threads on an event; nothing where there are none."""
        threads = [each for each in self._threads if each[1].on == event]
        if threads:
            yield TreeNode(EVENT, None, event, (), ("threads", threads[0][0]), self._ways(threads), alert)

    def _ways(self, threads: list[tuple[int, ThreadSection]]) -> tuple[TreeWay, ...]:
        return tuple(self._thread(("threads", index), thread) for index, thread in threads)

    def _thread(self, place: Place, thread: ThreadSection) -> TreeWay:
        steps = (*place, "steps")
        return TreeWay("thread", thread.name, thread.when, place, steps, self._steps(thread.steps, steps))

    def _steps(self, steps: tuple[AnyStep, ...], place: Place) -> tuple[TreeNode, ...]:
        return tuple(self._step(step, (*place, index)) for index, step in enumerate(steps))

    def _step(self, step: AnyStep, place: Place) -> TreeNode:
        about, details = _told_of(step)
        return TreeNode(
            step.kind,
            step.id,
            about,
            details,
            place,
            tuple(self._branch(way, place) for way in step.ways()),
            message=self._message(step.send) if isinstance(step, SendStep) else None,
            status=step.status if isinstance(step, SendStep) else None,
            ends=step.blocks("") is not None,
        )

    def _branch(self, way: Way, place: Place) -> TreeWay:
        steps = (*place, *way.place)
        own = steps[:-1] if way.branch is not None else steps
        match way.branch:
            case BranchSection() as branch:
                said = branch.when
            case ArmSection() as arm:
                said = arm.share
            case _:
                said = None
        return TreeWay("branch", way.name, said, own, steps, self._steps(way.steps, steps))

    def _message(self, code: str) -> TreeMessage:
        found = self._document.messages.get(code)
        return TreeMessage(code) if found is None else TreeMessage(code, found.channel, found.subject)


def _told_of(step: AnyStep) -> tuple[object, tuple[Detail, ...]]:
    """What a step is about: the value of the field that makes its kind, and its other fields that are not at their
    defaults. Of its branches nothing, for they follow it.
    """
    names = {info.alias or name: name for name, info in type(step).model_fields.items()}
    left_out = {"id", "status", step.kind, *step.step_lists}
    said = {
        field: getattr(step, name)
        for field, name in names.items()
        if field not in left_out and getattr(step, name) != type(step).model_fields[name].default
    }
    about = "" if step.branch_type is not None else getattr(step, names[step.kind])
    return about, tuple(Detail(value, field) for field, value in said.items())


def written(value: object) -> str:
    """A value as a document has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case timedelta():
            return format_duration(value)
        case Until():
            return format_until(value)
        case tuple():
            return ", ".join(map(written, cast("tuple[object, ...]", value)))
        case _:
            return str(value)
