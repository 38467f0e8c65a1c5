"""What was checked at one stay of a path, and what it found, for people.

A path keeps of each message how it ended. The check before a message always asks in the same order, so what it ended by
says also what held before that: the order here is that of activities/delivery/verdict.py.
"""

from collections.abc import Iterator, Sequence

from schemas.criteria import Criteria, say
from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.steps.step import BaseBranch
from schemas.journey.outcome import Deferred, Held, Outcome, Refused, Sent, Stopped, Unknown
from schemas.journey.path import PathEntry, Why
from schemas.reasons import Reason
from schemas.responses.replays import Check, Finding
from starter.support.step_places import StepPlace

_ORDER: tuple[tuple[str, frozenset[Reason]], ...] = (
    ("They are still there to be told", frozenset({Reason.ERASED, Reason.LEFT_BY_THEMSELVES, Reason.CANCELLED})),
    (
        "They may be written to on this channel",
        frozenset({Reason.NO_CONSENT, Reason.NO_ADDRESS, Reason.SUPPRESSED}),
    ),
    (
        "The message is ready, and was not said before",
        frozenset({Reason.MESSAGE_DRAFT, Reason.ALREADY_SAID, Reason.ASKED_ALREADY}),
    ),
    (
        "Nothing is paused",
        frozenset({Reason.CONVERSATION_PAUSED, Reason.ALERT_PAUSED, Reason.CONTACT_PAUSED}),
    ),
    (
        "It is still true: not bought yet, for sale, in stock, at the right price",
        frozenset(
            {
                Reason.PURCHASED,
                Reason.NOT_IN_CART,
                Reason.OFFER_LAPSED,
                Reason.CURRENCY_CHANGED,
                Reason.FILTERED,
                Reason.OTHER_PRODUCT,
                Reason.INACTIVE,
                Reason.SOLD_OUT_AGAIN,
                Reason.FEWER_THAN_WANTED,
                Reason.PRICE_BACK_UP,
                Reason.NOT_LOW_ANY_MORE,
                Reason.IN_STOCK,
            }
        ),
    ),
    ("Nothing else is to be told with it", frozenset({Reason.TOLD_TOGETHER})),
    ("The hour is one to write at", frozenset({Reason.QUIET_HOURS, Reason.UNLAWFUL_HOUR})),
    ("They have not had too many messages", frozenset({Reason.TOO_FREQUENT})),
    ("They are not held out by an experiment", frozenset({Reason.HELD_OUT})),
)
_TRUTH = 4
"""The check that is made only of messages that tell something of a product."""
_SAYS_NOTHING_OF_IT = (f".{AlertEvent.SUBSCRIPTION}", f".{AlertEvent.DISCONTINUED}")


def checks_at(entry: PathEntry, place: StepPlace | None) -> tuple[Check, ...]:
    """What was checked at a stay, in order; nothing where it only let time pass."""
    if entry.kind == "send" and entry.outcome is not None:
        return tuple(_of_message(entry.outcome, on=None if place is None else place.on))
    section = None if place is None else place.section
    if section is None:
        return ()
    if section.awaited:
        return tuple(_of_events(section.awaited, entry))
    branches = [way.branch for way in section.ways() if way.branch is not None]
    if section.criteria:
        return tuple(_of_branches(branches, section.criteria, entry))
    # By chance: nothing was asked, and one was taken.
    return tuple(
        Check(what=f"{each.name}{each.introduced().removesuffix(': ')}", finding=Finding.HOLDS)
        for each in branches
        if each.name == entry.branch
    )


def _of_message(outcome: Outcome, on: str | None) -> Iterator[Check]:
    reason = _reason(outcome)
    order = [
        (what, reasons)
        for number, (what, reasons) in enumerate(_ORDER)
        if number != _TRUTH or on is None or not on.endswith(_SAYS_NOTHING_OF_IT) or reason in reasons
    ]
    failed = next((number for number, (_, reasons) in enumerate(order) if reason in reasons), None)
    if reason is not None and failed is None:
        # It is of none of them, so it does not say how far the check came.
        yield Check(what="The message could leave", finding=Finding.FAILS, found=reason.sentence)
        return
    for number, (what, _) in enumerate(order):
        if failed is None or number < failed:
            yield Check(what=what, finding=Finding.HOLDS)
        elif number == failed and reason is not None:
            yield Check(what=what, finding=Finding.FAILS, found=reason.sentence)
        else:
            yield Check(what=what, finding=Finding.NOT_ASKED)


def _reason(outcome: Outcome) -> Reason | None:
    match outcome:
        case Deferred(reason=reason) | Refused(reason=reason) | Stopped(reason=reason):
            return reason
        case Held():
            return Reason.AWAITING_APPROVAL
        case Sent() | Unknown():
            return None


def _of_branches(
    branches: Sequence[BaseBranch], criteria: Sequence[Criteria | None], entry: PathEntry
) -> Iterator[Check]:
    taken = False
    for branch, when in zip(branches, criteria, strict=True):
        if taken:
            finding = Finding.NOT_ASKED
        elif branch.name == entry.branch:
            finding, taken = Finding.HOLDS, True
        else:
            finding = Finding.FAILS if entry.branch is not None else Finding.NOT_ASKED
        yield Check(what=branch.name if when is None else f"{branch.name}: {say(when)}", finding=finding)


def _of_events(awaited: Sequence[str], entry: PathEntry) -> Iterator[Check]:
    for event in awaited:
        if entry.why is Why.HAPPENED and event == entry.event:
            yield Check(what=event, finding=Finding.HOLDS)
        else:
            over = entry.left_at is not None
            yield Check(what=event, finding=Finding.FAILS if over else Finding.NOT_ASKED)
