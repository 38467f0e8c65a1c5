"""Any journey at all, for Hypothesis: programs, happenings, answers, and a rehearsal that can be cut at its rests."""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps import CallWebhook, ContactChange, Exit, Send, Step, Wait
from schemas.ids import AlertId, ContactId, JourneyId, StepId, StoreId, Subject, VersionId
from schemas.journey.activities import Deliver
from schemas.journey.outcome import AfterRefusal, Deferred, Outcome, Refused, Sent, Unknown
from schemas.journey.program import SEMANTICS, Program, StillWaiting, Terms, ThreadStart
from schemas.journey.signals import Broadcast, Leave, PlaceGiven
from schemas.journey.state import JourneyStart, JourneyState
from schemas.reasons import Reason
from workflows.interpreter.world import Awaited, Woken, awaits_nothing
from workflows.worlds.rehearsal import Happening, Rehearsal

DAWN = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
WINDOW = timedelta(days=60)
ENDINGS: tuple[Outcome, ...] = (
    Sent(message_id="m@shop.example", at=DAWN),
    Unknown(),
    Refused(reason=Reason.MESSAGE_DRAFT, then=AfterRefusal.GO_ON),
    Refused(reason=Reason.SKIPPED, then=AfterRefusal.END_THREAD),
    Refused(reason=Reason.SOLD_OUT_AGAIN, then=AfterRefusal.BACK_IN_LINE),
    Refused(reason=Reason.NO_CONSENT, then=AfterRefusal.LEAVE),
)


@dataclass(frozen=True)
class Answers:
    """What deliver answers, by message and time alone: so it is the same for a journey that was cut.

    Attributes:
        quiet_ends: a message is deferred to the next of these moments that is still ahead.
        final: what each step and round comes to in the end; taken in turn.
        choices: which way each criteria_id leads, counted from 0, if it has as many; taken in turn.
        taken: whether each webhook is.
    """

    quiet_ends: tuple[datetime, ...]
    final: tuple[Outcome, ...]
    choices: tuple[int | None, ...] = (None,)
    taken: tuple[bool, ...] = (True,)

    async def deliver(self, request: Deliver, now: datetime) -> Outcome:
        return self(request, now)

    def decide(self, criteria_id: str, now: datetime) -> int | None:
        choice = self.choices[zlib.crc32(criteria_id.encode()) % len(self.choices)]
        # A step here has two ways; an event has one thread.
        return 0 if choice and criteria_id.startswith("on ") else choice

    def time_zone(self) -> str:
        return "UTC"

    def change_contact(self, step: ContactChange, now: datetime) -> None:
        pass

    def call_webhook(self, step: CallWebhook, now: datetime) -> bool:
        return self.taken[zlib.crc32(step.id.encode()) % len(self.taken)]

    def __call__(self, request: Deliver, now: datetime) -> Outcome:
        until = next((moment for moment in self.quiet_ends if now < moment < now + timedelta(hours=12)), None)
        if until is not None:
            return Deferred(until=until, reason=Reason.QUIET_HOURS)
        position = zlib.crc32(request.key.encode())
        return self.final[position % len(self.final)]


@dataclass(frozen=True)
class Life:
    """Everything that decides how a journey goes.

    Attributes:
        hearing: how long a given claim travels before the journey hears of it.
    """

    start: JourneyStart
    happenings: tuple[Happening, ...]
    answers: Answers
    hearing: timedelta = timedelta(0)

    def world(self) -> "CuttableRehearsal":
        return CuttableRehearsal(DAWN, self.happenings, self.answers, self.hearing, self.start.program)


@dataclass(frozen=True)
class Cut:
    """A rest: where the journey may continue as new, with what lies ahead of it there.

    Attributes:
        program: the version lived by there.
        delivered: how often deliver was asked before it.
    """

    state: JourneyState
    program: Program
    at: datetime
    ahead: tuple[Happening, ...]
    delivered: int


class CuttableRehearsal(Rehearsal):
    """A rehearsal that knows what was ahead at each rest, and whose waiting list may have given a claim just before."""

    def __init__(
        self,
        start: datetime,
        happenings: Iterable[Happening],
        answers: Answers,
        hearing: timedelta,
        first: Program,
    ) -> None:
        super().__init__(start, happenings, answers)
        self.cuts: list[Cut] = []
        self._first = first
        self.slept: list[tuple[datetime, datetime]] = []
        self._hearing = hearing
        self._known_claim = 0

    def rest(self, state: Callable[[], JourneyState]) -> None:
        super().rest(state)
        self.cuts.append(Cut(state(), self.program or self._first, self._now, tuple(self._ahead), len(self.delivered)))

    async def sleep(self, step: str, until: datetime | None, awaited: Awaited = awaits_nothing) -> Woken | None:
        fell_asleep = self._now
        woken = await super().sleep(step, until, awaited)
        self.slept.append((fell_asleep, self._now))
        return woken

    async def stand_in_line(
        self, until: Callable[[], datetime], after_claim: int
    ) -> PlaceGiven | Broadcast | Leave | None:
        fell_asleep = self._now
        self._known_claim = after_claim
        woken = await super().stand_in_line(until, after_claim)
        self.slept.append((fell_asleep, self._now))
        return woken

    async def leave_waitlist(self, reason: Reason) -> int | None:
        for happening in self._ahead:
            match happening.signal:
                case PlaceGiven(claim_id=claim_id) if claim_id > self._known_claim:
                    return claim_id if happening.at - self._hearing <= self._now else None
                case _:
                    pass
        return None


def _moments(days: int = 90) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 24 * 4).map(lambda quarters: DAWN + timedelta(minutes=15 * quarters))


_said_in_line = st.builds(
    StillWaiting,
    after=st.integers(1, 40 * 24).map(lambda hours: timedelta(hours=hours)),
    message=st.just("still"),
    times=st.integers(1, 3),
)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A thread of any steps for each event, now and then none, with reminders or without."""
    steps: dict[StepId, Step] = {}
    events = draw(st.lists(st.sampled_from(AlertEvent), unique=True))
    for event in events:
        steps |= draw(_threads(event))
    return Program(
        version=VersionId("v@1"),
        conversation="v",
        semantics=SEMANTICS,
        threads=tuple(ThreadStart(event=f"back.{event}", first=StepId(f"{event}-0")) for event in events),
        terms={
            "back": Terms(
                reminder_after=timedelta(hours=draw(st.integers(0, 72))),
                reminders=draw(st.integers(0, 3)),
                while_waiting=tuple(draw(st.lists(_said_in_line, max_size=2))),
            )
        },
        steps=steps,
    )


@st.composite
def _threads(draw: st.DrawFn, event: AlertEvent) -> dict[StepId, Step]:
    steps: dict[StepId, Step] = {}
    count = draw(st.integers(1, 4))
    for number in range(count):
        own = StepId(f"{event}-{number}")
        following = StepId(f"{event}-{number + 1}") if number + 1 < count else None
        match draw(st.sampled_from(("send", "send", "wait", "exit"))):
            case "send":
                steps[own] = Send(id=own, message="m", next=following)
            case "wait":
                steps[own] = Wait(id=own, length=timedelta(hours=draw(st.integers(0, 200))), next=following)
            case _:
                steps[own] = Exit(id=own, why="enough")
    return steps


def start_of(program: Program) -> JourneyStart:
    """A journey that enters at `DAWN`."""
    return JourneyStart(
        journey_id=JourneyId("j-1"),
        contact_id=ContactId("c-1"),
        subject=Subject(store_id=StoreId("example.myshopify.com"), id="1"),
        alert_id=AlertId("back"),
        entered_at=DAWN,
        window_ends_at=DAWN + WINDOW,
        program=program,
    )


@st.composite
def claims(draw: st.DrawFn) -> tuple[Happening, ...]:
    """Claims in the order in which a waiting list gives them."""
    moments = sorted(draw(st.lists(_moments(), max_size=6)))
    return tuple(Happening(at, PlaceGiven(claim_id=number)) for number, at in enumerate(moments, start=1))


@st.composite
def lives(draw: st.DrawFn, *, leaves: bool = True) -> Life:
    """Any journey: any program, any happenings, any outcomes."""
    reason = draw(st.sampled_from((Reason.CANCELLED, Reason.DISCONTINUED)))
    early_exits = draw(st.lists(_moments(), max_size=1)) if leaves else []
    said = draw(st.dictionaries(st.sampled_from(("news", "sorry")), _moments(), max_size=2)) if leaves else {}
    return Life(
        start_of(draw(programs())),
        (
            *draw(claims()),
            *(Happening(at, Leave(reason=reason)) for at in early_exits),
            *(Happening(at, Broadcast(message=message)) for message, at in said.items()),
        ),
        Answers(
            tuple(sorted(draw(st.lists(_moments(), max_size=4)))),
            tuple(draw(st.lists(st.sampled_from(ENDINGS), min_size=1, max_size=8))),
        ),
        timedelta(hours=draw(st.integers(0, 48))),
    )


def told_once() -> Life:
    """One message, sent to whoever is called forward; nobody is yet."""
    step = StepId("step-0")
    program = Program(
        version=VersionId("v@1"),
        conversation="v",
        threads=(ThreadStart(event="back.alert", first=step),),
        steps={step: Send(id=step, message="m")},
    )
    return Life(start_of(program), (), Answers((), ENDINGS[:1]))


def at_any_moment(days: int = 90) -> st.SearchStrategy[datetime]:
    """A moment in the journey's life, or after it."""
    return _moments(days)
