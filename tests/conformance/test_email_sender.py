"""What only the e-mail sender has: kept connections, waiting its turn, cancellation and SMTPUTF8."""

import asyncio
from dataclasses import replace

import pytest

from activities.senders.email.smtp_sender import SmtpSender
from activities.senders.limits import Limits
from activities.senders.sender import NotTaken, Rejected
from schemas.settings import Settings
from tests.conformance.providers import FROM, RECIPIENT, At, BarePeer, Does, Plan, send
from tests.conformance.real_server import RealServer
from tests.conformance.smtp_peers import mail
from tests.conformance.smtp_peers import peer as peer
from tests.conformance.smtp_peers import server as server

pytestmark = pytest.mark.asyncio


async def test_the_message_arrives_as_it_was_written(server: RealServer) -> None:
    await send(server.sender(Limits()), mail())

    (message,) = server.messages
    assert message["From"] == FROM
    assert message["To"] == RECIPIENT
    assert message["Subject"] == "Größe 38 ist wieder da"
    assert message["Message-ID"] == "<1@shop.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == ".\nSchnell!\n.\n"
    assert html is not None
    assert html.get_content().strip() == "<p>Schnell!</p>"


async def test_two_hundred_messages_at_once_share_three_connections(server: RealServer) -> None:
    sender = server.sender(Limits(), connections=3)

    await asyncio.gather(*(send(sender, mail(number)) for number in range(200)))

    assert sorted(server.taken) == sorted(mail(number).message_id for number in range(200))
    assert server.most_at_once <= 3
    assert server.connections <= 6


async def test_one_connection_serves_messages_that_follow_each_other(peer: BarePeer) -> None:
    sender = peer.sender(Limits())

    for number in range(5):
        await send(sender, mail(number))

    assert peer.connections == 1
    assert peer.heard.count("RSET") == 0


async def test_a_connection_is_left_after_its_allotted_messages(peer: BarePeer) -> None:
    sender = peer.sender(Limits(uses=2))

    for number in range(5):
        await send(sender, mail(number))

    assert peer.connections == 3
    assert len(peer.taken) == 5


async def test_a_connection_that_lay_idle_too_long_is_not_used_again(peer: BarePeer) -> None:
    sender = peer.sender(Limits(idle=0))

    await send(sender, mail(1))
    await send(sender, mail(2))

    assert peer.connections == 2


async def test_an_idle_connection_closed_by_the_server_fails_no_message(peer: BarePeer) -> None:
    sender = peer.sender(Limits())
    await send(sender, mail(1))
    await peer.hang_up()

    await send(sender, mail(2))

    assert peer.taken == ["1@shop.example", "2@shop.example"]
    assert peer.connections == 2


@pytest.mark.parametrize("at", [At.MAIL, At.RCPT])
@pytest.mark.parametrize("does", [Does.BYE, Does.DROP, Does.NONSENSE])
async def test_a_used_connection_that_turns_out_dead_is_replaced_within_the_send(
    peer: BarePeer, at: At, does: Does
) -> None:
    sender = peer.sender(Limits())
    await send(sender, mail(1))
    peer.plan = Plan(at, does, from_message=2)

    await send(sender, mail(2))

    assert peer.taken == ["1@shop.example", "2@shop.example"]
    assert peer.connections == 2


@pytest.mark.parametrize("does", [Does.BYE, Does.DROP, Does.NONSENSE])
async def test_a_connection_that_dies_when_nothing_is_to_be_waited_for_any_more_is_not_replaced(
    peer: BarePeer, does: Does
) -> None:
    """The facts have been looked at by then; another handshake may take minutes."""
    sender = peer.sender(Limits())
    await send(sender, mail(1))
    peer.plan = Plan(At.DATA, does, from_message=2)
    with pytest.raises(NotTaken):
        await send(sender, mail(2))
    peer.plan = None

    await send(sender, mail(2))

    assert peer.taken == ["1@shop.example", "2@shop.example"]
    assert peer.connections == 2


async def test_a_message_that_is_not_sent_after_all_never_gets_to_its_body_and_keeps_nobody_waiting(
    peer: BarePeer,
) -> None:
    sender = peer.sender(Limits(), connections=1)
    async with sender.ready(mail(1)):
        pass
    assert [line.partition(" ")[0] for line in peer.heard] == ["EHLO", "MAIL", "RCPT"]

    await send(sender, mail(2))

    assert peer.taken == ["2@shop.example"]
    assert (peer.connections, peer.heard.count("RSET")) == (1, 1)


async def test_a_message_that_is_not_sent_though_the_server_waits_for_it_is_dropped_with_its_connection(
    peer: BarePeer,
) -> None:
    sender = peer.sender(Limits(), connections=1)
    async with sender.ready(mail(1)) as handover:
        await handover.begin(mail(1))

    await send(sender, mail(2))

    assert peer.taken == ["2@shop.example"]
    assert peer.connections == 2


async def test_the_words_may_change_until_the_body_and_the_address_may_not(peer: BarePeer) -> None:
    sender = peer.sender(Limits())
    async with sender.ready(mail()) as handover:
        await handover.begin(replace(mail(), text="Only one is left"))
        await handover.send()
    for other in (mail(recipient="ben@example.org"), replace(mail(), sender="Other <other@example.com>")):
        async with sender.ready(mail()) as handover:
            with pytest.raises(NotTaken, match="another address"):
                await handover.begin(other)

    (message,) = peer.messages
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "Only one is left"


@pytest.mark.parametrize("at", [At.GREETING, At.RCPT, At.DATA])
async def test_how_long_a_slow_server_is_waited_for_is_a_setting_and_minutes_unless_the_caller_has_less(at: At) -> None:
    async with BarePeer() as peer:
        peer.plan = Plan(at, Does.STALL)
        hasty = SmtpSender.from_settings(Settings(smtp_host=peer.host, smtp_port=peer.port))
        patient = SmtpSender.from_settings(Settings(smtp_host=peer.host, smtp_port=peer.port))
        waits = asyncio.create_task(send(patient, mail(1)))
        await peer.reached.wait()
        with pytest.raises(NotTaken, match="did not get ready for the message"):
            async with hasty.ready(mail(2), within=0.05) as handover:
                await handover.begin(mail(2))
        assert not waits.done()
        peer.go_on.set()
        await waits
        await hasty.aclose()
        await patient.aclose()
    assert peer.taken == ["1@shop.example"]
    assert Settings().smtp_ready_seconds == 300, "RFC 5321, section 4.5.3.2"


async def test_only_one_fresh_connection_is_tried(peer: BarePeer) -> None:
    sender = peer.sender(Limits())
    await send(sender, mail(1))
    peer.plan = Plan(At.MAIL, Does.DROP)

    with pytest.raises(NotTaken, match="lost at MAIL"):
        await send(sender, mail(2))

    assert peer.connections == 2


async def test_after_a_refusal_the_envelope_is_reset_and_the_connection_kept(peer: BarePeer) -> None:
    sender = peer.sender(Limits())
    peer.plan = Plan(At.RCPT, Does.REFUSE)
    with pytest.raises(Rejected, match=r"^the mail server answered 550 5\.1\.1 at RCPT$"):
        await send(sender, mail(1))
    peer.plan = None

    await send(sender, mail(2))

    assert peer.connections == 1
    assert peer.heard.count("RSET") == 1


async def test_a_server_that_is_not_there_has_taken_nothing() -> None:
    async with BarePeer() as peer:
        port = peer.port
    sender = SmtpSender("127.0.0.1", port, FROM)

    with pytest.raises(NotTaken, match="could not be reached"):
        await send(sender, mail())


async def test_a_full_mailbox_is_worth_another_try(peer: BarePeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Does, "reply", b"552 5.2.2 mailbox full\r\n")
    peer.plan = Plan(At.RCPT, Does.REFUSE)

    with pytest.raises(NotTaken, match=r"552 5\.2\.2 at RCPT"):
        await send(peer.sender(Limits()), mail())


async def test_an_address_beyond_ascii_is_rejected_where_the_server_lacks_smtputf8(server: RealServer) -> None:
    with pytest.raises(Rejected, match="SMTPUTF8"):
        await send(server.sender(Limits()), mail(recipient="zoë@example.org"))
    assert server.messages == []


async def test_an_address_beyond_ascii_is_written_where_the_server_offers_smtputf8() -> None:
    async with RealServer(smtputf8=True) as server:
        await send(server.sender(Limits()), mail(recipient="zoë@example.org"))
        assert server.messages[0]["To"] == "zoë@example.org"


async def test_a_domain_beyond_ascii_needs_nothing_of_the_server(server: RealServer) -> None:
    await send(server.sender(Limits()), mail(recipient="zoe@straße.example"))

    assert server.messages[0]["To"] == "zoe@xn--strae-oqa.example"


@pytest.mark.parametrize("sender", ["", "Shop", "Shop <a@b>\r\nBcc: c@d", "a@b, c@d", "Shop <a b@c>"])
async def test_a_sender_that_is_no_address_is_refused_at_once(sender: str) -> None:
    with pytest.raises(ValueError, match="the sender"):
        SmtpSender("127.0.0.1", 25, sender)


async def test_a_long_message_with_every_kind_of_line_arrives_unchanged(server: RealServer) -> None:
    text = "".join(f"{'.' * (n % 4)}line {n} {'x' * n}\n" for n in range(1200))

    await send(server.sender(Limits()), replace(mail(), text=text, html=None))

    assert server.messages[0].get_content().replace("\r\n", "\n") == text
