"""One suite over every sender, each in its place in the registry: how a send ends is how many copies the provider took
(promise P1).

It returns if and only if the provider took exactly one; after NotTaken and Rejected it took none; Uncertain is kept
for the moments in which nobody can know.
"""

import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial

import pytest
import pytest_asyncio

from activities.senders.limits import Limits
from activities.senders.registry import Senders
from activities.senders.sender import Mail, Message, NotTaken, Rejected, Sender, Uncertain
from activities.senders.sms.providers import NoProvider
from tests.conformance.providers import (
    RECIPIENT,
    At,
    BarePeer,
    Does,
    HttpProvider,
    Plan,
    Provider,
    SimulatedProvider,
    send,
)
from tests.conformance.real_server import RealServer
from tests.simulated.mail_api import SimulatedMailApi
from tests.simulated.mail_apis import SIMULATED

pytestmark = pytest.mark.asyncio

MAIL = Mail("one@shop.example", RECIPIENT, "It is back", "Quick, before it is gone.")
NEXT = Mail("two@shop.example", RECIPIENT, "Still there", "Did you see it?")


class End(StrEnum):
    """How a send ended."""

    RETURNED = "returned"
    NOT_TAKEN = "not taken"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"


def over_http(kind: type[SimulatedMailApi]) -> Provider:
    return HttpProvider(kind())


PROVIDERS: dict[str, Callable[[], Provider]] = {
    "simulated": SimulatedProvider,
    "aiosmtpd": RealServer,
    "bare peer": BarePeer,
    **{kind.name: partial(over_http, kind) for kind in SIMULATED},
}
OVER_HTTP = [
    *(Plan(At.END, does) for does in (Does.LATER, Does.REFUSE, Does.DROP, Does.STALL, Does.NONSENSE)),
    *(Plan(at, does) for at in (At.BODY, At.TAKEN) for does in (Does.DROP, Does.STALL, Does.NONSENSE)),
]
PLANS: dict[str, list[Plan]] = {
    "simulated": [
        Plan(At.END, Does.LATER),
        Plan(At.END, Does.REFUSE),
        Plan(At.END, Does.DROP),
        Plan(At.TAKEN, Does.DROP),
    ],
    "aiosmtpd": [
        *(Plan(at, does) for at in (At.EHLO, At.MAIL, At.RCPT, At.DATA, At.END) for does in Does),
        *(Plan(At.TAKEN, does) for does in (Does.DROP, Does.STALL, Does.NONSENSE)),
    ],
    "bare peer": [
        *(Plan(at, does) for at in (At.GREETING, At.EHLO, At.MAIL, At.RCPT, At.DATA, At.END) for does in Does),
        *(Plan(At.MIDDLE, does) for does in Does),
        *(Plan(at, does) for at in (At.BODY, At.TAKEN) for does in (Does.DROP, Does.STALL, Does.NONSENSE)),
    ],
    **{kind.name: OVER_HTTP for kind in SIMULATED},
}
A_MOMENT = 0.05
"""Seconds. A stalled server says nothing however long one waits, so a slow machine changes no ending."""
BEFORE_THE_HAND_OVER = {At.GREETING, At.EHLO, At.MAIL, At.RCPT, At.DATA}


def limits(plan: Plan) -> Limits:
    """Only the limit that a stall is to run into is short; the others are not to be met."""
    match plan:
        case Plan(does=Does.STALL, at=at) if at in BEFORE_THE_HAND_OVER:
            return Limits(ready=A_MOMENT)
        case Plan(does=Does.STALL):
            return Limits(answer=A_MOMENT)
        case _:
            return Limits()


def rightly(plan: Plan) -> set[End]:
    """The endings that are true for a plan."""
    match plan:
        case Plan(at=At.BODY, does=Does.DROP):
            # Certain if the loss was seen before the first byte was written.
            return {End.NOT_TAKEN, End.UNCERTAIN}
        case Plan(at=At.MIDDLE, does=Does.BYE):
            # A server that closes with the rest of the body unread may take its own answer with it.
            return {End.NOT_TAKEN, End.UNCERTAIN}
        case Plan(at=At.BODY | At.TAKEN) | Plan(at=At.MIDDLE | At.END, does=Does.DROP | Does.STALL | Does.NONSENSE):
            return {End.UNCERTAIN}
        case Plan(at=At.RCPT | At.DATA | At.MIDDLE | At.END, does=Does.REFUSE):
            return {End.REJECTED}
        case _:
            return {End.NOT_TAKEN}


async def ending(sender: Sender[Message], mail: Mail) -> End:
    try:
        await send(sender, mail)
    except (NotTaken, Rejected, Uncertain) as error:
        told = "".join(traceback.format_exception(error))
        assert RECIPIENT not in told, "an address reached an exception"
        match error:
            case NotTaken():
                return End.NOT_TAKEN
            case Rejected():
                return End.REJECTED
            case Uncertain():
                return End.UNCERTAIN
    return End.RETURNED


@pytest_asyncio.fixture
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    async with PROVIDERS[request.param]() as provider:
        yield provider


every_provider = pytest.mark.parametrize("provider", PROVIDERS, indirect=True)
every_plan = pytest.mark.parametrize(
    ("provider", "plan"),
    [pytest.param(name, plan, id=f"{name}: {plan}") for name, plans in PLANS.items() for plan in plans],
    indirect=["provider"],
)


@every_plan
async def test_the_ending_is_what_the_provider_did(provider: Provider, plan: Plan) -> None:
    provider.plan = plan
    sender = Senders(email=provider.sender(limits(plan)), sms=NoProvider())

    ended = await ending(sender, MAIL)

    assert ended in rightly(plan)
    if plan.does is Does.STALL and plan.at is At.TAKEN:
        # It was handed over; that the server has come to it is another matter.
        await provider.struck_once()
    assert provider.taken == ([MAIL.message_id] if plan.at is At.TAKEN else [])
    if plan.does is not Does.STALL:
        provider.plan = None
        assert await ending(sender, NEXT) is End.RETURNED, "one bad message spoils the next"
        assert provider.taken[-1:] == [NEXT.message_id]


@every_provider
async def test_nothing_is_taken_before_it_is_sent(provider: Provider) -> None:
    sender = Senders(email=provider.sender(Limits()), sms=NoProvider())

    async with sender.ready(MAIL) as handover:
        await handover.begin(MAIL)
    assert await ending(sender, NEXT) is End.RETURNED

    assert provider.taken == [NEXT.message_id]


@every_provider
async def test_a_send_that_returns_was_taken_exactly_once(provider: Provider) -> None:
    sender = Senders(email=provider.sender(Limits()), sms=NoProvider())

    assert await ending(sender, MAIL) is End.RETURNED
    assert await ending(sender, NEXT) is End.RETURNED

    assert provider.taken == [MAIL.message_id, NEXT.message_id]


@every_provider
@pytest.mark.parametrize(
    "impossible",
    [
        replace(MAIL, recipient=f"{RECIPIENT}\r\nBcc: all@example.org"),
        replace(MAIL, recipient=f"{RECIPIENT}>\r\nRCPT TO:<all@example.org"),
        replace(MAIL, recipient=f"{RECIPIENT}, all@example.org"),
        replace(MAIL, recipient=f"Ada <{RECIPIENT}>"),
        replace(MAIL, recipient=f"{RECIPIENT} SIZE=1"),
        replace(MAIL, recipient="ada"),
        replace(MAIL, recipient="@example.org"),
        replace(MAIL, recipient="ada\ud800@example.org"),
        replace(MAIL, subject="Back\nBcc: all@example.org"),
        replace(MAIL, subject="Back\rX: y"),
        replace(MAIL, subject="Back\u2028X: y"),
        replace(MAIL, message_id="one@shop.example>\r\nBcc: <all@example.org"),
        replace(MAIL, message_id="one"),
        replace(MAIL, text="\ud83d"),
    ],
    ids=lambda mail: ascii(mail)[5:90],
)
async def test_an_impossible_message_is_rejected_before_the_provider_hears_of_it(
    provider: Provider, impossible: Mail
) -> None:
    sender = Senders(email=provider.sender(Limits()), sms=NoProvider())

    assert await ending(sender, impossible) is End.REJECTED

    assert provider.taken == []
