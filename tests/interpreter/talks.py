"""Any conversation and any journey through it, for Hypothesis: every kind of step, moves, skips, stops and events."""

from datetime import timedelta

from hypothesis import strategies as st

from schemas.channels import Channel
from schemas.criteria import read_criteria
from schemas.document.alert_types.back_in_stock import BackInStock
from schemas.document.alert_types.vocabulary import Action, AlertEvent, AlertType, Reminders, WhileWaiting
from schemas.document.conversation import ConversationDocument, MessageSection, ThreadSection
from schemas.document.steps import (
    AddTagStep,
    AddToListStep,
    AnyStep,
    ArmSection,
    BranchSection,
    CallWebhookStep,
    DecideStep,
    ExitStep,
    GoToStep,
    SendStep,
    SetAttributeStep,
    SplitStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from schemas.ids import StepId, VersionId
from schemas.journey.outcome import Held, Stopped
from schemas.journey.program import Program
from schemas.journey.signals import Broadcast, ContactEvent, Leave, Move, Skip, Wake
from schemas.reasons import Reason
from schemas.time.moments import parse_until
from tests.interpreter.journeys import ENDINGS, Answers, Life, at_any_moment, claims, start_of
from workflows.compiler.compile import compile_document
from workflows.worlds.rehearsal import Happening, Signal

EVENTS = ("ordered", "custom.waved", "clicked_message")
BEGIN = "custom.begin"
VIP = read_criteria({"orders.count": {"at_least": 3}})
MESSAGE = MessageSection(channel=Channel.EMAIL, subject="s", text="t")
ELSEWHERE = "Elsewhere"
_SIMPLE = ("send", "send", "wait", "wait", "wait_until", "set_attribute", "add_tag", "add_to_list", "call_webhook")
_NESTED = ("wait_for", "decide", "split")


@st.composite
def _steps(draw: st.DrawFn, prefix: str, least: int = 0, depth: int = 2) -> tuple[AnyStep, ...]:
    kinds = _SIMPLE + _NESTED * 2 if depth else _SIMPLE
    count = draw(st.integers(least, 3))
    return tuple(draw(_step(draw(st.sampled_from(kinds)), f"{prefix}-{number}", depth)) for number in range(count))


@st.composite
def _step(draw: st.DrawFn, kind: str, own: str, depth: int) -> AnyStep:
    def inside(name: str) -> tuple[AnyStep, ...]:
        steps = draw(_steps(f"{own}-{name}", depth=depth - 1))
        # Only the first way may leave: else nobody would come to what follows.
        leaves = name == "a" and draw(st.booleans())
        return (*steps, ExitStep(exit="enough", id=f"{own}-{name}-exit")) if leaves else steps

    match kind:
        case "send":
            return SendStep(send="m", id=own)
        case "wait":
            return WaitStep(wait=timedelta(hours=draw(st.integers(0, 100))), id=own)
        case "wait_until":
            text = draw(st.sampled_from(("09:00", "monday", "weekday 17:30", "2026-03-20", "2020-01-01 10:00")))
            return WaitUntilStep(wait_until=parse_until(text), id=own)
        case "wait_for":
            events = tuple(draw(st.lists(st.sampled_from(EVENTS), min_size=1, unique=True)))
            window = timedelta(hours=draw(st.integers(1, 200)))
            return WaitForStep(wait_for=events, within=window, happened=inside("a"), did_not=inside("b"), id=own)
        case "decide":
            ways = (BranchSection(name="a", when=VIP, steps=inside("a")), BranchSection(name="b", when=VIP))
            return DecideStep(decide=ways, otherwise=inside("c"), id=own)
        case "split":
            arms = (ArmSection(name="a", share=1, steps=inside("a")), ArmSection(name="b", share=2, steps=inside("b")))
            return SplitStep(split=arms, id=own)
        case "set_attribute":
            return SetAttributeStep(set_attribute="mood", to="good", id=own)
        case "add_tag":
            return AddTagStep(add_tag="seen", id=own)
        case "add_to_list":
            return AddToListStep(add_to_list="news", id=own)
        case _:
            return CallWebhookStep(call_webhook="https://example.com/hook", required=draw(st.booleans()), id=own)


@st.composite
def _thread(draw: st.DrawFn, name: str, on: str | None) -> ThreadSection:
    steps = draw(_steps(name.lower(), least=1))
    match draw(st.sampled_from(("", "exit", "go"))):
        case "go" if on is not None:
            steps = (*steps, GoToStep(go_to=ELSEWHERE, id=f"{name.lower()}-go"))
        case "exit":
            steps = (*steps, ExitStep(exit="enough", id=f"{name.lower()}-exit"))
        case _:
            pass
    return ThreadSection(name=name, on=on, when=VIP if on and draw(st.booleans()) else None, steps=steps)


@st.composite
def conversations(draw: st.DrawFn, *, general: bool = False) -> ConversationDocument:
    """A conversation without mistakes. Two that are drawn have step ids in common, of the same kind now and then."""
    reminders = Reminders(after=timedelta(hours=draw(st.integers(1, 72))), times=draw(st.integers(1, 3)))
    said = draw(st.lists(st.integers(1, 40), max_size=2, unique=True))
    alert = BackInStock(
        type=AlertType.BACK_IN_STOCK,
        action=Action.SIGN_UP,
        reminders=reminders,
        while_waiting=tuple(WhileWaiting(after=timedelta(days=days), send="m") for days in said),
    )
    others = draw(st.lists(st.sampled_from((AlertEvent.SUBSCRIPTION, AlertEvent.DISCONTINUED)), unique=True))
    events = (AlertEvent.ALERT, AlertEvent.FOLLOW_UP, *others)
    entry_triggers = [("Begin", BEGIN)] if general else [(event.capitalize(), f"back.{event}") for event in events]
    threads = [draw(_thread(name, on)) for name, on in entry_triggers]
    if any(isinstance(step, GoToStep) for thread in threads for step in thread.steps):
        threads.append(draw(_thread(ELSEWHERE, None)))
    return ConversationDocument(
        conversation="v",
        name="V",
        alerts={} if general else {"back": alert},
        threads=tuple(threads),
        messages={"m": MESSAGE},
    )


def _signals(program: Program, other: Program) -> st.SearchStrategy[Signal]:
    steps = st.sampled_from(sorted({*program.steps, *other.steps, "broadcast/m", "until-reminder"}))
    return st.one_of(
        st.sampled_from(EVENTS).flatmap(
            lambda event: st.integers(0, 99).map(lambda number: ContactEvent(event_id=f"{event}/{number}", event=event))
        ),
        steps.map(lambda step: Wake(step=StepId(step))),
        st.tuples(steps, st.booleans()).map(lambda pair: Skip(step=StepId(pair[0]), to_end=pair[1])),
        st.just(Move(program=other, operation_id=1)),
    )


@st.composite
def talks(draw: st.DrawFn) -> Life:
    """Any journey through any conversation, of an alert or without one, with all that people may do to it."""
    general = draw(st.booleans())
    program = compile_document(draw(conversations(general=general)), VersionId("v@1"))
    other = compile_document(draw(conversations(general=general)), VersionId("v@2"))
    start = start_of(program)
    if general:
        nothing = {"alert_id": None, "subject": None, "window_ends_at": None}
        start = start.model_copy(update={**nothing, "entered_on": BEGIN})
    # Most of a conversation without an alert is over in days.
    moments = at_any_moment(days=draw(st.sampled_from((6, 90))))
    signals = draw(st.lists(st.tuples(moments, _signals(program, other)), max_size=6))
    leaves = draw(st.lists(at_any_moment(), max_size=1))
    reason = draw(st.sampled_from((Reason.CANCELLED, Reason.GOAL_REACHED, Reason.EXIT_RULE)))
    said = draw(st.lists(at_any_moment(), max_size=1)) if not general else []
    return Life(
        start,
        (
            *(draw(claims()) if not general else ()),
            *(Happening(at, signal) for at, signal in signals),
            *(Happening(at, Leave(reason=reason)) for at in leaves),
            *(Happening(at, Broadcast(message="m")) for at in said),
        ),
        Answers(
            tuple(sorted(draw(st.lists(at_any_moment(), max_size=4)))),
            tuple(
                draw(
                    st.lists(
                        st.sampled_from((*ENDINGS, ENDINGS[0], Held(), Stopped(reason=Reason.MESSAGE_BROKEN))),
                        min_size=1,
                        max_size=8,
                    )
                )
            ),
            tuple(draw(st.lists(st.sampled_from((None, 0, 1)), min_size=1, max_size=4))),
            tuple(draw(st.lists(st.booleans(), min_size=1, max_size=3))),
        ),
    )
