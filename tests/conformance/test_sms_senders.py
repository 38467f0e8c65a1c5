"""The suite over every sender of text messages: how a send ends is how many copies the provider took (promise P1).

It returns if and only if the provider took exactly one; after NotTaken and Rejected it took none; Uncertain is kept for
the moments in which nobody can know. A provider that knows a repeated request again is asked once more."""

import asyncio
import socket
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import ExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace

import pytest
import pytest_asyncio

from activities.senders.limits import Limits
from activities.senders.registry import Senders
from activities.senders.sender import (
    BadAddress,
    NotTaken,
    OptedOut,
    Rejected,
    SenderAtFault,
    Sms,
    Uncertain,
)
from activities.senders.sms.sms_api import SmsSender, sms_sender_by
from activities.senders.sms.twilio import Twilio
from tests.simulated.sender import SimulatedSender
from tests.simulated.sms import (
    FROM,
    Answer,
    At,
    Does,
    Plan,
    SimulatedGateway,
    SimulatedSms,
    SimulatedTelnyx,
    SimulatedTwilio,
    SimulatedVonage,
)

pytestmark = pytest.mark.asyncio

NUMBER = "+12025550123"
TEXT = "It is back: https://shop.example/p. Reply STOP to end."
SMS = Sms("one@shop.example", NUMBER, TEXT, "0" * 31 + "1")
NEXT = Sms("two@shop.example", NUMBER, "Still there?", "0" * 31 + "2")

PROVIDERS: dict[str, Callable[[], SimulatedSms]] = {
    "twilio": SimulatedTwilio,
    "telnyx": SimulatedTelnyx,
    "vonage": SimulatedVonage,
    "http": SimulatedGateway,
}
KNOW_REPEATS = ["telnyx", "http"]
PLANS = [
    *(Plan(At.END, does) for does in Does),
    *(Plan(at, does) for at in (At.HEAD, At.TAKEN) for does in (Does.NONSENSE, Does.DROP, Does.STALL)),
    *(Plan(at, does, 1) for at in At for does in (Does.NONSENSE, Does.DROP)),
    *(Plan(At.END, does, 1) for does in (Does.BROKEN, Does.BUSY)),
]
A_MOMENT = 0.05
"""Seconds. A stalled provider says nothing however long one waits, so a slow machine changes no ending."""
QUICK = Limits(pause=0.001, tries=5)


@pytest_asyncio.fixture
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[SimulatedSms]:
    async with PROVIDERS[request.param]() as provider:
        yield provider


every_provider = pytest.mark.parametrize("provider", PROVIDERS, indirect=True)


def rightly(name: str, plan: Plan) -> type[Exception] | None:
    """The ending that is true for a plan; None: it returns."""
    if plan.at is At.END and (plan.does is Does.LATER or (plan.does is Does.BUSY and name == "http")):
        return NotTaken
    if plan.times == 1 and name in KNOW_REPEATS:
        return None
    return Uncertain


async def send(sender: SmsSender, sms: Sms) -> None:
    async with Senders(SimulatedSender(), sender).ready(sms) as handover:
        await handover.begin(sms)
        await handover.send()


async def ending(sender: SmsSender, sms: Sms) -> type[Exception] | None:
    try:
        await send(sender, sms)
    except (NotTaken, Rejected, Uncertain) as error:
        told = "".join(traceback.format_exception(error))
        assert NUMBER not in told, "a number reached an exception"
        assert NUMBER[1:] not in told
        return type(error)
    return None


@pytest.mark.parametrize(
    ("name", "plan"), [pytest.param(name, plan, id=f"{name}: {plan}") for name in PROVIDERS for plan in PLANS]
)
async def test_the_ending_is_what_the_provider_did(name: str, plan: Plan) -> None:
    async with PROVIDERS[name]() as provider:
        provider.plan = plan
        sender = provider.sender(replace(QUICK, answer=A_MOMENT) if plan.does is Does.STALL else QUICK)

        ended = await ending(sender, SMS)

        assert ended is rightly(name, plan)
        if plan.does is Does.STALL:
            await provider.reached.wait()
        took = plan.at is At.TAKEN or ended is None
        assert [each.text for each in provider.taken] == ([TEXT] if took else [])
        provider.plan = None
        if plan.does is not Does.STALL:
            assert await ending(sender, NEXT) is None, "one bad message spoils the next"
            assert provider.taken[-1].text == NEXT.text


@every_provider
async def test_a_message_arrives_once_with_its_words_and_what_the_ledger_knows_it_by(provider: SimulatedSms) -> None:
    sender = provider.sender()
    emoji = replace(SMS, text="Zurück 🎉 für 12 €", reference="f" * 32)

    assert await ending(sender, SMS) is None
    assert await ending(sender, emoji) is None

    assert [(each.to, each.text, each.reference) for each in provider.taken] == [
        (NUMBER, TEXT, SMS.reference),
        (NUMBER, emoji.text, "f" * 32),
    ]


@every_provider
async def test_nothing_is_asked_of_a_provider_before_the_message_is_sent(provider: SimulatedSms) -> None:
    sender = provider.sender()

    async with sender.ready(SMS) as handover:
        await handover.begin(replace(SMS, text="Newer words"))

    assert provider.heard == 0


@every_provider
async def test_the_newest_words_are_sent_and_never_to_another_number(provider: SimulatedSms) -> None:
    sender = provider.sender()

    async with sender.ready(SMS) as handover:
        await handover.begin(replace(SMS, text="Newer words"))
        await handover.send()
    with pytest.raises(NotTaken, match="another number"):
        async with sender.ready(SMS) as handover:
            await handover.begin(replace(SMS, recipient="+442071838750"))

    assert [each.text for each in provider.taken] == ["Newer words"]


ENDS: dict[Answer, type[Exception]] = {
    Answer.OPTED_OUT: OptedOut,
    Answer.BAD_ADDRESS: BadAddress,
    Answer.AT_FAULT: SenderAtFault,
    Answer.LOGIN: SenderAtFault,
    Answer.LATER: NotTaken,
    Answer.REJECT: Rejected,
}


@every_provider
@pytest.mark.parametrize("answer", Answer)
async def test_each_refusal_says_whose_fault_it_is(provider: SimulatedSms, answer: Answer) -> None:
    provider.answer_next(answer)
    expected = ENDS[answer]
    if isinstance(provider, SimulatedVonage) and answer is Answer.OPTED_OUT:
        # It bars numbers for several causes and does not say which.
        expected = BadAddress

    assert await ending(provider.sender(QUICK), SMS) is expected

    assert provider.taken == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (21211, BadAddress),
        (21614, BadAddress),
        (30005, BadAddress),
        (30006, BadAddress),
        (21610, OptedOut),
        (30007, SenderAtFault),
        (30034, SenderAtFault),
        (20003, SenderAtFault),
        (21408, SenderAtFault),
        (21611, NotTaken),
        (21617, Rejected),
        (99999, Rejected),
    ],
)
async def test_what_the_codes_of_twilio_mean(code: int, expected: type[Exception]) -> None:
    async with SimulatedTwilio() as provider:
        reply = provider.answers[Answer.REJECT]
        provider.answers = {Answer.REJECT: replace(reply, content={"code": code})}
        provider.answer_next(Answer.REJECT)

        assert await ending(provider.sender(), SMS) is expected


@every_provider
@pytest.mark.parametrize(
    "impossible",
    [
        replace(SMS, recipient="2025550123"),
        replace(SMS, recipient=f"{NUMBER}&From=+15005550001"),
        replace(SMS, recipient=f"{NUMBER}\r\nX: y"),
        replace(SMS, recipient="ada@example.org"),
        replace(SMS, text=" \n"),
        replace(SMS, text="x" * 1601),
        replace(SMS, text="\ud83d"),
    ],
    ids=lambda sms: ascii(sms)[40:90],
)
async def test_an_impossible_message_is_rejected_before_the_provider_hears_of_it(
    provider: SimulatedSms, impossible: Sms
) -> None:
    assert await ending(provider.sender(), impossible) is Rejected

    assert provider.heard == 0


@every_provider
async def test_a_provider_that_cannot_be_reached_has_certainly_taken_nothing(provider: SimulatedSms) -> None:
    sender = sms_sender_by(provider.api)
    await provider.__aexit__()

    async with aclosing(sender):
        assert await ending(sender, SMS) is NotTaken


async def test_who_is_cancelled_while_the_answer_is_under_way_still_learns_the_end() -> None:
    async with SimulatedTwilio() as provider:
        provider.plan = Plan(At.TAKEN, Does.STALL)
        sending = asyncio.create_task(send(provider.sender(Limits(cancelled=A_MOMENT)), SMS))
        await provider.reached.wait()
        sending.cancel()

        with pytest.raises(Uncertain):
            await sending

        assert len(provider.taken) == 1


@asynccontextmanager
async def unreachable(connect: float = 60.0) -> AsyncGenerator[SmsSender]:
    """A sender whose provider never completes a connection: as many as it bears wait there already."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        api = Twilio("AC1", "token", FROM, None, f"http://127.0.0.1:{listener.getsockname()[1]}")
        async with aclosing(sms_sender_by(api, Limits(connect=connect, cancelled=A_MOMENT))) as sender:
            yield sender


async def test_who_is_cancelled_while_it_connects_has_sent_nothing_and_stops_at_once() -> None:
    async with unreachable() as sender:
        sending = asyncio.create_task(send(sender, SMS))
        for _ in range(50):
            await asyncio.sleep(0)
        sending.cancel()

        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_a_connection_that_never_comes_about_has_certainly_taken_nothing() -> None:
    async with unreachable(connect=A_MOMENT) as sender:
        assert await ending(sender, SMS) is NotTaken


async def test_who_is_cancelled_before_the_message_is_sent_has_sent_nothing() -> None:
    async with SimulatedTwilio() as provider:
        async with provider.sender().ready(SMS) as handover:
            await handover.begin(SMS)
            waiting = asyncio.create_task(asyncio.Event().wait())
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
        assert provider.heard == 0


async def test_a_lost_answer_of_one_who_knows_repeats_is_never_turned_into_a_certain_no() -> None:
    """The first may have been taken: that the provider cannot be reached the second time says nothing of it."""
    async with SimulatedTelnyx() as provider:
        provider.plan = Plan(At.TAKEN, Does.DROP, 1)
        provider.answer_next(Answer.LATER, *[Answer.LATER] * 10)

        assert await ending(provider.sender(QUICK), SMS) is Uncertain


@pytest.mark.parametrize("provider", KNOW_REPEATS, indirect=True)
@pytest.mark.parametrize("answer", Answer)
async def test_a_refusal_of_a_repeated_request_says_nothing_about_the_first(
    provider: SimulatedSms, answer: Answer
) -> None:
    provider.plan = Plan(At.END, Does.DROP, 1)
    provider.answer_next(*[answer] * 10)

    assert await ending(provider.sender(QUICK), SMS) is Uncertain
