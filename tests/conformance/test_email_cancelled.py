"""A send by SMTP that is cancelled, waits for too long or comes after the end still tells what became of it."""

import asyncio

import pytest

from activities.senders.limits import Limits
from activities.senders.sender import NotTaken, Uncertain
from tests.conformance.providers import At, BarePeer, Does, Plan, send
from tests.conformance.smtp_peers import mail
from tests.conformance.smtp_peers import peer as peer
from tests.conformance.smtp_peers import server as server

pytestmark = pytest.mark.asyncio


async def test_an_answer_that_comes_too_late_is_never_taken_for_the_next_message(peer: BarePeer) -> None:
    peer.plan = Plan(At.TAKEN, Does.STALL)
    sender = peer.sender(Limits(answer=0.05))
    with pytest.raises(Uncertain):
        await send(sender, mail(1))
    await peer.struck_once()
    peer.plan = None
    peer.go_on.set()

    await send(sender, mail(2))

    assert peer.taken == ["1@shop.example", "2@shop.example"]
    assert peer.connections == 2


async def test_waiting_for_a_connection_is_bounded(peer: BarePeer) -> None:
    peer.plan = Plan(At.MAIL, Does.STALL)
    sender = peer.sender(Limits(queue=0.1), connections=1)
    first = asyncio.create_task(send(sender, mail(1)))
    await peer.reached.wait()

    with pytest.raises(NotTaken, match="no connection"):
        await send(sender, mail(2))

    peer.plan = None
    peer.go_on.set()
    await first
    assert peer.taken == ["1@shop.example"]


@pytest.mark.parametrize("at", [At.GREETING, At.EHLO, At.MAIL, At.RCPT, At.DATA])
async def test_cancelled_before_the_hand_over_nothing_is_taken_and_the_place_is_free_again(
    peer: BarePeer, at: At
) -> None:
    peer.plan = Plan(at, Does.STALL)
    sender = peer.sender(Limits(), connections=1)
    sending = asyncio.create_task(send(sender, mail(1)))
    await peer.reached.wait()

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert peer.taken == []
    peer.plan = None
    await send(sender, mail(2))
    assert peer.taken == ["2@shop.example"]


async def test_cancelled_after_the_hand_over_the_send_still_tells_that_it_was_taken(peer: BarePeer) -> None:
    peer.plan = Plan(At.END, Does.STALL)
    sending = asyncio.create_task(send(peer.sender(Limits()), mail()))
    await peer.reached.wait()

    sending.cancel()
    peer.go_on.set()
    await sending

    assert peer.taken == ["1@shop.example"]
    assert sending.cancelling() == 1


async def test_cancelled_after_the_hand_over_without_an_answer_it_is_uncertain(peer: BarePeer) -> None:
    peer.plan = Plan(At.TAKEN, Does.STALL)
    sending = asyncio.create_task(send(peer.sender(Limits(cancelled=0.1)), mail()))
    await peer.reached.wait()

    sending.cancel()

    with pytest.raises(Uncertain):
        await sending
    assert peer.taken == ["1@shop.example"]


async def test_cancelled_twice_it_is_uncertain_at_once(peer: BarePeer) -> None:
    peer.plan = Plan(At.TAKEN, Does.STALL)
    sending = asyncio.create_task(send(peer.sender(Limits()), mail()))
    await peer.reached.wait()

    sending.cancel()
    await asyncio.wait({sending}, timeout=0)
    sending.cancel()

    with pytest.raises(Uncertain):
        await sending


async def test_a_closed_sender_takes_no_message_and_keeps_no_connection(peer: BarePeer) -> None:
    sender = peer.sender(Limits())
    await send(sender, mail(1))

    await sender.aclose()

    assert peer.heard[-1] == "QUIT"
    with pytest.raises(NotTaken, match="closed"):
        await send(sender, mail(2))
