"""Whoever writes and sends, a process of its own, so that its processor time is that of nobody else.

Commands: `WAY SIDE COUNT ADDRESS`, each answered by the seconds it took and the seconds of processor time in it.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, assert_never
from urllib.parse import urlsplit

import aiosmtplib
import httpx

from activities.senders.email.mail_api import Letter, MailApi, mail_sender
from activities.senders.email.mime import compose, parse_sender
from activities.senders.email.smtp_sender import SmtpSender
from activities.senders.http.http_api import Request
from activities.senders.limits import CONNECTIONS
from activities.senders.sender import MessageT, NotTaken, Sender
from activities.senders.sms.signed_http import SignedHttp
from activities.senders.sms.sms_api import sms_sender_by
from bench.letters import BareLetters, Letters
from bench.process import commands, say
from starter.runtime.process import run as run_loop
from tests.simulated.mail_apis import SimulatedPostmark
from tests.simulated.sms import FROM, SECRET

SENDER = "The Shop <alerts@example.com>"


class Way(StrEnum):
    """What is done with each message."""

    WRITING = "writing"
    """It is written, and no more."""
    SMTP = "smtp"
    API = "api"
    """It goes to a provider of e-mail over HTTP."""
    SMS = "sms"


Work = Callable[[], Coroutine[Any, Any, None]]
"""Everything that is measured, made ready before."""


class Sending:
    """Both sides of every way."""

    def __init__(self) -> None:
        self._letters, self._bare_letters = Letters(), BareLetters()

    async def measured(self, way: Way, side: str, count: int, address: str) -> tuple[float, float]:
        """The seconds it took to send so many, and those of processor time."""
        work = self._ours(way, count, address) if side == "ours" else self._bare(way, count, address)
        began, used = time.perf_counter(), time.process_time()
        await work()
        return time.perf_counter() - began, time.process_time() - used

    def _ours(self, way: Way, count: int, address: str) -> Work:
        """Each message is written when its turn comes, and sent as the product does."""
        match way:
            case Way.WRITING:
                return _written(self._letters.mail, count)
            case Way.SMTP:
                parts = urlsplit(address)
                smtp = SmtpSender(parts.hostname or "", parts.port or 0, SENDER)
                return _sent(smtp, self._letters.mail, count)
            case Way.API:
                return _sent(mail_sender(_provider(address), SENDER), self._letters.mail, count)
            case Way.SMS:
                return _sent(sms_sender_by(SignedHttp(address, SECRET, FROM)), self._letters.text, count)
            case _:
                assert_never(way)

    def _bare(self, way: Way, count: int, address: str) -> Work:
        """Messages that are ready to the last byte, by the client library alone and over as many connections."""
        match way:
            case Way.WRITING:
                return _written(self._bare_letters.write, count)
            case Way.SMTP:
                sender = parse_sender(SENDER)
                ready = iter([compose(self._letters.mail(), sender) for _ in range(count)])
                parts = urlsplit(address)

                async def mails() -> None:
                    async with aiosmtplib.SMTP(hostname=parts.hostname, port=parts.port, start_tls=False) as smtp:
                        for each in ready:
                            await smtp.sendmail(each.sender, [each.recipient], each.body)

                return _side_by_side(mails)
            case Way.API:
                sender, api = parse_sender(SENDER), _provider(address)
                mails_ = [self._letters.mail() for _ in range(count)]
                asked = [api.request(Letter(mail, sender, mail.recipient, "")) for mail in mails_]
                return _posted(asked)
            case Way.SMS:
                gateway = SignedHttp(address, SECRET, FROM)
                return _posted([gateway.request(self._letters.text()) for _ in range(count)])
            case _:
                assert_never(way)


def _provider(url: str) -> MailApi:
    return SimulatedPostmark().api(url)


def _written(write: Callable[[], object], count: int) -> Work:
    async def work() -> None:
        for _ in range(count):
            write()

    return work


def _sent(sender: Sender[MessageT], write: Callable[[], MessageT], count: int) -> Work:
    turns = iter(range(count))

    async def some() -> None:
        for _ in turns:
            message = write()
            async with sender.ready(message) as handover:
                await handover.begin(message)
                await handover.send()

    async def work() -> None:
        try:
            await _side_by_side(some)()
        finally:
            await sender.aclose()

    return work


def _posted(requests: Sequence[Request]) -> Work:
    ready = iter(
        [httpx.Request(each.method, each.url, headers=each.headers, content=each.content) for each in requests]
    )
    # As the product does, without what httpx's client adds; and made before, for it reads the system's certificates.
    transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=CONNECTIONS), trust_env=False)

    async def some() -> None:
        for each in ready:
            answer = await transport.handle_async_request(each)
            await answer.aread()
            if not answer.is_success:
                raise NotTaken(f"answered {answer.status_code}")

    async def work() -> None:
        async with transport:
            await _side_by_side(some)()

    return work


def _side_by_side(some: Work) -> Work:
    """As many at once as there are connections; each takes from what is left."""

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(some())

    return work


async def run() -> None:
    """Send until the benchmark lets go."""
    sending = Sending()
    say("ready")
    async for command in commands():
        way, side, count, address = command.split()
        say("{} {}".format(*await sending.measured(Way(way), side, int(count), address)))


if __name__ == "__main__":
    run_loop(run())
