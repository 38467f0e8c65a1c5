"""Messages of any channel over a provider's HTTP API: who may ask when, and how every hand-over ends, exactly (P1).

The hand-over begins when the first byte of the request is written. A failure before that means *not taken*. After it
only the provider's answer decides; without one the end is *uncertain*. A provider that takes a request under one key
once only is asked again, with the very same request, at once and for as long as an answer may take: later nobody knows
whether it still knows the key. Only that the message was taken answers for the first request too.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Generic

from activities.senders.http.http_api import HttpApi, LetterT, Request
from activities.senders.http.http_exchange import HttpExchange
from activities.senders.limits import CONNECTIONS, Limits
from activities.senders.sender import MessageT, NotTaken, Rejected, Uncertain

# What the strictest provider takes of a part of a message.
LARGEST_REQUEST_BYTES = 5 * 1024 * 1024
# Of a provider that can be asked again: so much of the time for one answer, and the longest pause between requests.
SHARE_OF_ONE_TRY = 1 / 3
LONGEST_PAUSE_SECONDS = 4.0
CLOSE_SECONDS = 1.0


class HttpSender(Generic[MessageT, LetterT]):
    """Hands the messages of a channel to one provider over a few kept connections. For one event loop.

    Args:
        prepare: makes of a message what may travel; raises `Rejected` or `NotTaken` where that cannot be.
        ca_file: trust the authorities in this PEM file instead of the system's.
        connections: how many may be open at once.

    Raises:
        OSError: `ca_file` cannot be read.
    """

    def __init__(
        self,
        api: HttpApi[LetterT],
        prepare: Callable[[MessageT], LetterT],
        *,
        ca_file: Path | None = None,
        connections: int = CONNECTIONS,
        limits: Limits | None = None,
    ) -> None:
        self._api = api
        self._limits = limits or Limits()
        self._slots = asyncio.Semaphore(connections)
        self._exchange = HttpExchange(
            api.name, f"{api.settings}_URL", connections=connections, connect=self._limits.connect, ca_file=ca_file
        )
        self._shared = _Shared(api, self._exchange, prepare, self._limits, self._leave_alone)
        self._asked_again_at = 0.0
        self._closed = False

    @asynccontextmanager
    async def ready(self, message: MessageT, within: float = inf) -> AsyncGenerator["HttpHandover[MessageT, LetterT]"]:
        """See `Sender.ready`.

        Raises:
            NotTaken: certainly not taken: no turn came, or the provider wants to be left alone for longer.
            Rejected: certainly not taken: an impossible message.
        """
        letter = self._shared.prepare(message)
        await self._turn(min(self._limits.queue, within))
        try:
            yield HttpHandover(self._shared, message, letter)
        finally:
            self._slots.release()

    async def ask(self) -> bool | None:
        """Whether the provider answers and knows the key; nothing is sent by it. None: it has no question for that.

        Raises:
            NotTaken, Uncertain: it does not answer.
        """
        question = self._api.question()
        if question is None:
            return None
        answer = await self._exchange.answer(question, self._limits.answer, lambda: None)
        if answer.status // 100 == 5:
            raise NotTaken(f"{self._api.name} answered {answer.status}")
        return self._api.knows_key(answer)

    async def examine(self) -> str | None:
        """What is wrong with the provider, or with our key; None: nothing, as far as it can be asked."""
        try:
            return "does not know the key" if await self.ask() is False else None
        except (NotTaken, Uncertain) as error:
            return str(error)

    async def aclose(self) -> None:
        """Close the connections. New messages are refused."""
        self._closed = True
        await self._exchange.aclose()

    async def _turn(self, limit: float) -> None:
        if self._closed:
            raise NotTaken("the sender is closed: the process is stopping")
        try:
            async with asyncio.timeout(limit):
                await self._slots.acquire()
        except TimeoutError:
            raise NotTaken(
                f"no connection to {self._api.name} was free for {limit:g} s: it answers too slowly"
            ) from None
        try:
            while (left := self._asked_again_at - time.monotonic()) > 0:
                if left > limit:
                    raise NotTaken(
                        f"{self._api.name} wants to be left alone for {left:.0f} s more", timedelta(seconds=left)
                    )
                await asyncio.sleep(left)
        except BaseException:
            self._slots.release()
            raise

    def _leave_alone(self, wanted: timedelta) -> None:
        """For so long nobody's turn comes."""
        self._asked_again_at = max(self._asked_again_at, time.monotonic() + wanted.total_seconds())


@dataclass(frozen=True, slots=True)
class _Shared(Generic[MessageT, LetterT]):
    """What all turns at one provider have in common; `leave_alone` lets nobody's turn come for so long."""

    api: HttpApi[LetterT]
    exchange: HttpExchange
    prepare: Callable[[MessageT], LetterT]
    limits: Limits
    leave_alone: Callable[[timedelta], None]


class HttpHandover(Generic[MessageT, LetterT]):
    """A turn at a provider: see `Handover`."""

    def __init__(self, shared: _Shared[MessageT, LetterT], message: MessageT, letter: LetterT) -> None:
        self._shared, self._api, self._limits = shared, shared.api, shared.limits
        self._message, self._letter = message, letter
        self._request: Request | None = None
        self._written = asyncio.Event()

    async def begin(self, message: MessageT) -> None:
        """See `Handover.begin`."""
        if message != self._message:
            accepted, self._letter = self._letter, self._shared.prepare(message)
            if self._api.addresses(accepted) != self._api.addresses(self._letter):
                raise NotTaken(f"the message goes to or comes from another {self._api.address} by now")
        self._request = self._api.request(self._letter)
        if len(self._request.content) > LARGEST_REQUEST_BYTES:
            raise Rejected(f"the message is larger than {LARGEST_REQUEST_BYTES // 1024} KiB; shorten its template")

    async def send(self) -> None:
        """See `Handover.send`."""
        assert self._request is not None, "it is begun before it is sent"
        sending = asyncio.create_task(self._until_known(self._request))
        written = asyncio.create_task(self._written.wait())
        try:
            await asyncio.wait({sending, written}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({sending}, timeout=self._limits.answer)
        except asyncio.CancelledError:
            if not self._written.is_set():
                await self._drop(sending)
                raise
            # Cancelled a second time: the caller cannot wait for the answer.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({sending}, timeout=self._limits.cancelled)
        finally:
            written.cancel()
        if not sending.done():
            await self._drop(sending)
            raise Uncertain(f"{self._api.name} did not answer in time")
        sending.result()

    async def _until_known(self, request: Request) -> None:
        """Ask, and where that is safe ask again, until it is known whether the message was taken.

        Raises:
            NotTaken, Rejected, Uncertain: as `Handover.send` says.
        """
        within = self._limits.answer * (SHARE_OF_ONE_TRY if self._api.dedupes else 1)
        pause = usual = self._limits.pause
        unknown: Uncertain | None = None
        for _ in range(self._limits.tries if self._api.dedupes else 1):
            if unknown is not None:
                await asyncio.sleep(pause)
                usual = min(2 * usual, LONGEST_PAUSE_SECONDS)
            pause = usual
            try:
                answer = await self._shared.exchange.answer(request, within, self._written.set)
                return self._api.judge(answer, again=unknown is not None)
            except Uncertain as error:
                unknown = error
            except (NotTaken, Rejected) as error:
                if isinstance(error, NotTaken) and error.retry_after is not None:
                    self._shared.leave_alone(error.retry_after)
                    pause = max(pause, error.retry_after.total_seconds())
                # Once an answer was lost, a later no says nothing about the first request.
                if unknown is None:
                    raise
        assert unknown is not None, "a try that ended otherwise has returned or raised"
        raise unknown

    async def _drop(self, sending: asyncio.Task[None]) -> None:
        """Give up the request, its connection with it."""
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({sending}, timeout=CLOSE_SECONDS)
        if sending.done() and not sending.cancelled():
            sending.exception()
