"""The mailbox takes real mail over SMTP, keeps it as files and wakes who waits for it."""

import asyncio
import socket
import stat
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from starter.devstack.mailbox import Mail, Mailbox, is_to
from starter.runtime.ports import LOOPBACK, CannotStart, free_port


def _mail(recipient: str, subject: str = "It is back") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Shop <alerts@shop.example>"
    mail["To"] = recipient
    mail["Subject"] = subject
    mail.set_content("Grüße – the kettle is back.")
    return mail


async def _send(mailbox: Mailbox, mail: EmailMessage) -> None:
    await aiosmtplib.send(mail, hostname=mailbox.host, port=mailbox.port, start_tls=False)


async def test_a_mail_wakes_who_waits_for_it_and_is_kept_as_a_file(tmp_path: Path) -> None:
    async with Mailbox(tmp_path / "mail") as mailbox:
        waiting = asyncio.create_task(mailbox.wait_for(is_to("bea@shop.example"), within=10))
        await _send(mailbox, _mail("ada@shop.example"))
        await _send(mailbox, _mail("bea@shop.example", subject="Zurück"))
        arrived = await waiting
        assert arrived.read()["Subject"] == "Zurück"
        assert arrived.sender == "alerts@shop.example"
        assert [mail.recipients for mail in mailbox.mails] == [("ada@shop.example",), ("bea@shop.example",)]
        assert sorted(tmp_path.glob("mail/*")) == [mail.file for mail in mailbox.mails]
        assert await mailbox.wait_for(is_to("ada@shop.example"), within=0) == mailbox.mails[0]


async def test_nobody_else_can_list_what_is_kept(tmp_path: Path) -> None:
    async with Mailbox(tmp_path / "mail", port=free_port()):
        assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700


async def test_a_mail_that_does_not_come_is_a_time_out_that_counts_the_others(tmp_path: Path) -> None:
    async with Mailbox(tmp_path) as mailbox:
        await _send(mailbox, _mail("ada@shop.example"))
        with pytest.raises(TimeoutError, match=r"within 0\.01 s; 1 others did"):
            await mailbox.wait_for(is_to("bea@shop.example"), within=0.01)
        with pytest.raises(TimeoutError, match=r"0 others did"):
            await mailbox.wait_for(is_to("ada@shop.example"), within=0.01, after=1)


async def test_a_faulty_predicate_is_its_callers_to_see(tmp_path: Path) -> None:
    def faulty(_: Mail) -> bool:
        raise LookupError("no such thing")

    async with Mailbox(tmp_path) as mailbox:
        waiting = asyncio.create_task(mailbox.wait_for(faulty, within=10))
        await asyncio.gather(mailbox.wait_for_count(1, within=10), _send(mailbox, _mail("ada@shop.example")))
        with pytest.raises(LookupError):
            await waiting


async def test_a_hundred_mails_over_ten_connections_are_all_there(tmp_path: Path) -> None:
    async def ten(name: str) -> None:
        async with aiosmtplib.SMTP(hostname=mailbox.host, port=mailbox.port, start_tls=False) as client:
            for number in range(10):
                await client.send_message(_mail(f"{name}-{number}@shop.example"))

    async with Mailbox(tmp_path) as mailbox:
        await asyncio.gather(*(ten(str(name)) for name in range(10)), mailbox.wait_for_count(100, within=30))
        assert len({mail.recipients for mail in mailbox.mails}) == 100
        assert len(list(tmp_path.glob("*.eml"))) == 100


async def test_a_crowd_of_senders_that_connect_at_once_is_served(tmp_path: Path) -> None:
    async with Mailbox(tmp_path) as mailbox:
        await asyncio.gather(*(_send(mailbox, _mail(f"{number}@shop.example")) for number in range(300)))
        assert len(mailbox.mails) == 300


async def test_a_mail_that_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    async with Mailbox(tmp_path / "mail") as mailbox:
        (tmp_path / "mail").rmdir()
        with pytest.raises(aiosmtplib.SMTPDataError, match="cannot keep the mail") as refused:
            await _send(mailbox, _mail("ada@shop.example"))
        assert refused.value.code == 452
        assert mailbox.mails == ()


async def test_a_taken_port_is_named_with_the_setting_that_changes_it(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        mailbox = Mailbox(tmp_path, port=taken.getsockname()[1], port_setting="--smtp-port")
        with pytest.raises(CannotStart, match=r"The mailbox cannot listen .*--smtp-port"):
            await mailbox.start()


async def test_a_stop_closes_what_is_connected(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    await mailbox.start()
    reader, writer = await asyncio.open_connection(mailbox.host, mailbox.port)
    assert (await reader.readline()).startswith(b"220 ")
    await mailbox.stop()
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(mailbox.host, mailbox.port)
