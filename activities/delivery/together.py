"""What is told in one message: the other messages to the same person that wait, and may leave as well.

Each is looked at as if it left by itself, by the same verdict. What is refused is left out, and goes its own way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from activities.delivery.ledger import Ledger
from activities.delivery.send_context import SendContext
from activities.delivery.verdict import Go, judge
from activities.rendering.facts import MessageContext, ToldPart
from activities.rendering.templates import CannotRender
from schemas.document.steps import Send
from schemas.journey.activities import Deliver

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A message that is told in another one. `key` is its own in the ledger."""

    key: str
    context: MessageContext


async def gather(ledger: Ledger, request: Deliver, known: SendContext, now: datetime) -> tuple[Gathered, ...]:
    """Those that may leave now in the message of `request`, of which `known` is what was seen."""
    if not known.gathers:
        return ()
    found: list[Gathered] = []
    for each in await ledger.waiting_with(request):
        other = request.model_copy(
            update={
                "journey_id": each.journey_id,
                "step": Send(id=each.step, message=request.step.message),
                "round": each.round,
                "last": False,
            }
        )
        seen = await ledger.look_up(other)
        if _may_leave(seen, now):
            found.append(Gathered(other.key, seen.context))
    return tuple(found)


def told_in_one(own: MessageContext, others: Sequence[Gathered]) -> MessageContext:
    """What a message can show that tells all of these, its own first."""
    if not others:
        return own
    return replace(own, together=(_told(own), *(_told(each.context) for each in others)))


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


def _may_leave(seen: SendContext, now: datetime) -> bool:
    """Whether it may, but for its waiting for others, and for its turn: it is no message more."""
    if seen.recorded is not None or seen.lease_left is not None or seen.declined or seen.sender_stopped:
        return False
    return isinstance(judge(replace(seen.facts, together_until=None, turn=None), now), Go)


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
