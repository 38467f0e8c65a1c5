"""When and how often a provider of e-mail is asked, and how a hand-over ends that is cancelled."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from activities.senders.email.mail_api import mail_sender
from activities.senders.limits import Limits
from activities.senders.sender import NotTaken, Uncertain
from tests.conformance.mail_over_http import BY_NAME, MAIL, NEXT, End, ending, every_provider, postmark
from tests.conformance.providers import FROM, At, Does, HttpProvider, Plan, send
from tests.simulated.mail_api import Reply

ASKED_AGAIN = {"resend", "brevo"}


@every_provider
@pytest.mark.parametrize("at", [At.BODY, At.END, At.TAKEN])
@pytest.mark.parametrize("does", [Does.DROP, Does.NONSENSE])
async def test_after_a_lost_answer_only_a_provider_that_takes_a_key_once_is_asked_again(
    provider: HttpProvider, at: At, does: Does
) -> None:
    """The table of idempotency keys, a row for each provider."""
    sender = provider.sender(Limits())
    provider.plan, provider.strikes_left = Plan(at, does), 1

    ended = await ending(sender)

    if provider.provider.name in ASKED_AGAIN:
        assert ended is End.RETURNED
        assert len(provider.provider.taken) == 1, "taken once, however often it was asked"
    else:
        assert ended is End.UNCERTAIN
        assert len(provider.provider.taken) == (1 if at is At.TAKEN else 0)
        assert provider.requests <= 1


@pytest.mark.parametrize("provider", sorted(ASKED_AGAIN), indirect=True)
@pytest.mark.parametrize("status", [401, 429, 503])
async def test_what_does_not_look_at_the_message_does_not_answer_for_the_first_request(
    provider: HttpProvider, status: int
) -> None:
    sender = provider.sender(Limits())
    provider.plan, provider.strikes_left = Plan(At.TAKEN, Does.DROP), 1
    # To the second request; the third is answered.
    provider.then = Reply(status, b"")

    assert await ending(sender) is End.RETURNED

    assert len(provider.provider.taken) == 1
    assert provider.requests == 3


@pytest.mark.parametrize("provider", sorted(ASKED_AGAIN), indirect=True)
async def test_each_hand_over_has_a_key_of_its_own(provider: HttpProvider) -> None:
    """After an end that is certain the same message may be handed over again; nothing is to stand in its way."""
    sender = provider.sender(Limits())

    assert [await ending(sender), await ending(sender)] == [End.RETURNED, End.RETURNED]

    assert len(provider.provider.taken) == 2


@pytest.mark.parametrize("provider", sorted(ASKED_AGAIN), indirect=True)
async def test_a_provider_that_stalls_is_asked_again_before_its_time_is_up(provider: HttpProvider) -> None:
    provider.plan, provider.strikes_left = Plan(At.TAKEN, Does.STALL), 1
    sender = provider.sender(Limits(answer=2))

    assert await ending(sender) is End.RETURNED

    assert len(provider.provider.taken) == 1


@postmark
async def test_one_that_wants_to_be_left_alone_is(provider: HttpProvider) -> None:
    provider.provider.replies.append(Reply(429, {"ErrorCode": 429}, {"Retry-After": "120"}))
    sender = provider.sender(Limits())
    with pytest.raises(NotTaken) as later:
        await send(sender, MAIL)
    assert later.value.retry_after == timedelta(seconds=120)

    with pytest.raises(NotTaken, match="left alone for") as later:
        async with sender.ready(NEXT, within=20):
            pass

    assert later.value.retry_after is not None
    assert timedelta(seconds=60) < later.value.retry_after <= timedelta(seconds=120)
    assert provider.requests == 1, "nobody else asks it meanwhile either"


@postmark
async def test_a_turn_comes_when_it_may_be_asked_again(provider: HttpProvider) -> None:
    provider.provider.replies.append(Reply(429, {"ErrorCode": 429}, {"Retry-After": "0.2"}))
    sender = provider.sender(Limits())

    assert [await ending(sender), await ending(sender, NEXT)] == [End.NOT_TAKEN, End.RETURNED]


@postmark
async def test_waiting_for_a_turn_is_bounded(provider: HttpProvider) -> None:
    provider.plan = Plan(At.END, Does.STALL)
    sender = provider.sender(Limits(queue=0.1), connections=1)
    first = asyncio.create_task(send(sender, MAIL))
    await provider.reached.wait()

    with pytest.raises(NotTaken, match="no connection"):
        await send(sender, NEXT)

    provider.plan = None
    provider.go_on.set()
    await first
    assert provider.taken == ["one@shop.example"]


@postmark
async def test_two_hundred_messages_at_once_share_three_connections(provider: HttpProvider) -> None:
    sender = provider.sender(Limits(), connections=3)

    await asyncio.gather(*(send(sender, replace(MAIL, subject=f"{n}", message_id=f"{n}@x")) for n in range(200)))

    assert sorted(provider.taken) == sorted(f"{n}@x" for n in range(200))
    assert provider.connections <= 6


@postmark
async def test_an_idle_connection_that_the_provider_closed_fails_no_message(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())
    await send(sender, MAIL)
    await provider.hang_up()

    await send(sender, NEXT)

    assert provider.taken == ["one@shop.example", "two@shop.example"]


@every_provider
async def test_cancelled_after_the_first_byte_the_send_still_tells_that_it_was_taken(provider: HttpProvider) -> None:
    provider.plan = Plan(At.END, Does.STALL)
    sending = asyncio.create_task(send(provider.sender(Limits()), MAIL))
    await provider.reached.wait()

    sending.cancel()
    provider.go_on.set()
    await sending

    assert provider.taken == ["one@shop.example"]
    assert sending.cancelling() == 1


@every_provider
async def test_cancelled_after_the_first_byte_without_an_answer_it_is_uncertain(provider: HttpProvider) -> None:
    provider.plan = Plan(At.TAKEN, Does.STALL)
    sending = asyncio.create_task(send(provider.sender(Limits(cancelled=0.1)), MAIL))
    await provider.reached.wait()

    sending.cancel()

    with pytest.raises(Uncertain):
        await sending
    assert provider.taken == ["one@shop.example"]


@postmark
async def test_cancelled_twice_it_is_uncertain_at_once(provider: HttpProvider) -> None:
    provider.plan = Plan(At.TAKEN, Does.STALL)
    sending = asyncio.create_task(send(provider.sender(Limits()), MAIL))
    await provider.reached.wait()

    sending.cancel()
    await asyncio.wait({sending}, timeout=0)
    sending.cancel()

    with pytest.raises(Uncertain):
        await sending


@postmark
async def test_cancelled_before_the_first_byte_nothing_is_taken_and_the_place_is_free_again(
    provider: HttpProvider,
) -> None:
    sender = provider.sender(Limits(), connections=1)
    sending = asyncio.create_task(send(sender, MAIL))
    # It has its turn and connects.
    await asyncio.wait({sending}, timeout=0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert provider.taken == []

    await send(sender, NEXT)

    assert provider.taken == ["two@shop.example"]


async def test_a_provider_that_is_not_there_has_taken_nothing() -> None:
    async with HttpProvider(BY_NAME["resend"]()) as gone:
        url = gone.url
    sender = mail_sender(BY_NAME["resend"]().api(url), FROM)

    with pytest.raises(NotTaken, match="Resend could not be reached"):
        await send(sender, MAIL)
    await sender.aclose()


@postmark
async def test_a_closed_sender_takes_no_message(provider: HttpProvider) -> None:
    sender = provider.sender(Limits())
    await send(sender, MAIL)

    await sender.aclose()

    with pytest.raises(NotTaken, match="closed"):
        await send(sender, NEXT)
