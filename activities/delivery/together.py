"""What is told in one message: the other messages to the same person that wait, and may leave as well.

Each is looked at as if it left by itself, by the same verdict. What is refused is left out, and goes its own way. One
statement sees the facts of all, its own with them: however many there are, no verdict is older than that of one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from activities.delivery.ledger import Ledger, WaitsWith
from activities.delivery.send_context import SendContext
from activities.delivery.verdict import Go, MessageFacts, judge
from activities.rendering.facts import MessageContext, ToldPart
from activities.rendering.templates import CannotRender
from schemas.document.steps import Send
from schemas.journey.activities import Deliver

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A message that is told in one with another; `before`: it waits for longer than that."""

    request: Deliver
    context: MessageContext
    before: bool = False


async def look(ledger: Ledger, request: Deliver, now: datetime) -> tuple[SendContext, tuple[Gathered, ...]]:
    """What is known of a message, and those that may leave in it."""
    known = await ledger.look_up(request)
    if not known.gathers or not _is_free(known) or not isinstance(judge(known.facts, now), Go):
        return known, ()
    waiting = await ledger.waiting_with(request)
    if not waiting:
        return known, ()
    others = [_as_if_alone(each, request) for each in waiting]
    known, *seen = await ledger.look_up_together(request, others)
    return known, tuple(
        Gathered(other, each.context, waits.before)
        for waits, other, each in zip(waiting, others, seen, strict=True)
        if _is_free(each) and isinstance(judge(_by_itself(each.facts), now), Go)
    )


def named_after(own: Deliver, others: Sequence[Gathered]) -> Deliver:
    """Which of them all they are told as: the one that waits for longest.

    So a message has the same name whichever of their journeys hands it over: a provider that has it knows it again.
    """
    return next((each.request for each in others if each.before), own)


def told_in_one(own: MessageContext, others: Sequence[Gathered]) -> MessageContext:
    """What a message can show that tells all of these, those first that wait for longest."""
    if not others:
        return own
    before = [each.context for each in others if each.before]
    after = [each.context for each in others if not each.before]
    return replace(own, together=tuple(_told(each) for each in (*before, own, *after)))


def as_many_as_fit(
    write: Callable[[Sequence[Gathered]], T], others: tuple[Gathered, ...]
) -> tuple[T, tuple[Gathered, ...]]:
    """A message, and those of the others that are told in it: half as many, as long as it cannot be written with more.

    Raises:
        CannotRender: it cannot be written alone.
    """
    while True:
        try:
            return write(others), others
        except CannotRender:
            if not others:
                raise
            others = others[: len(others) // 2]


def _as_if_alone(waits: WaitsWith, request: Deliver) -> Deliver:
    return request.model_copy(
        update={
            "journey_id": waits.journey_id,
            "step": Send(id=waits.step, message=request.step.message),
            "round": waits.round,
            "last": False,
        }
    )


def _is_free(seen: SendContext) -> bool:
    """Nothing of the ledger is in its way."""
    return not (seen.recorded is not None or seen.lease_left is not None or seen.declined or seen.sender_stopped)


def _by_itself(facts: MessageFacts) -> MessageFacts:
    """Without its waiting for others, and its turn: it is no message more."""
    return replace(facts, together_until=None, turn=None)


def _told(context: MessageContext) -> ToldPart:
    return ToldPart(
        title=context.product.title,
        url=context.product.url,
        variant=context.variant.title,
        image_url=context.product.image_url,
        price=context.variant.price,
        units=context.variant.units,
        coupon=context.coupon,
    )
