"""What messages cost: written, and handed over by SMTP, a provider's API and an SMS gateway, against bare clients.

Our side writes each message and sends it as the product does; the bare one hands over ready-made bytes by the client
library alone, over as many connections. Facts, ledger and journeys are no part of it: they are in the rates.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.process import START_LIMIT_SECONDS, running_part
from bench.report import Figure, Spread, ratio
from bench.sending import Way
from bench.servers import PATIENCE_SECONDS, Sink
from starter.runtime.ports import LOOPBACK

PARTS = {"mail sink": "bench.sink", "receivers": "bench.receivers", "sender": "bench.sending"}
LABELS = {
    Way.WRITING: "mails written / s",
    Way.SMTP: "mails written and sent / s, SMTP",
    Way.API: "mails written and sent / s, a provider's API",
    Way.SMS: "text messages written and sent / s",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One way on one side, a figure a round: messages per second, and milliseconds of processor time for each."""

    per_second: list[float]
    processor: list[float]


@dataclass(frozen=True, slots=True)
class Messages:
    """One way on both sides."""

    ours: Side
    bare: Side


async def measure_messages(count: int, rounds: int, warm_up: int) -> Mapping[Way, Messages]:
    """Rounds in turn, A B A B, of every way, after a small one of each that does not count."""
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="shelftalk-bench-")))
        part, receivers, sending = [
            await exits.enter_async_context(running_part(name, module, folder, {})) for name, module in PARTS.items()
        ]
        sink = Sink(int(await part.hear(START_LIMIT_SECONDS)))
        listening = asyncio.create_task(sink.listen(part))
        exits.callback(listening.cancel)
        provider, gateway = (await receivers.hear(START_LIMIT_SECONDS)).split()
        addresses = {Way.SMTP: f"smtp://{LOOPBACK}:{sink.port}", Way.API: provider, Way.SMS: gateway}
        await sending.hear(START_LIMIT_SECONDS)

        async def one(way: Way, side: str, messages: int) -> tuple[float, float]:
            sending.tell(f"{way} {side} {messages} {addresses.get(way, '-')}")
            seconds, processor = (await sending.hear(PATIENCE_SECONDS)).split()
            return messages / float(seconds), float(processor) * 1000 / messages

        measured = {way: Messages(Side([], []), Side([], [])) for way in Way}
        for way in Way:
            for side in ("bare", "ours"):
                await one(way, side, warm_up)
        for _ in range(rounds):
            for way, messages in measured.items():
                for side, into in (("bare", messages.bare), ("ours", messages.ours)):
                    per_second, processor = await one(way, side, count)
                    into.per_second.append(per_second)
                    into.processor.append(processor)
        return measured


def figures_of_messages(measured: Mapping[Way, Messages]) -> list[Figure]:
    """How many a second, what one costs, and which share of its processor time is not spent by a bare client, too."""
    figures: list[Figure] = []
    for way, messages in measured.items():
        ours, bare = messages.ours, messages.bare
        figures += [
            Figure(
                f"{way}_per_second",
                LABELS[way],
                Spread.of(ours.per_second),
                bare=Spread.of(bare.per_second),
                ratio=ratio(ours.per_second, bare.per_second),
                ratio_name=f"{way}_ratio",
            ),
            Figure(
                f"{way}_processor_ms",
                "… processor ms for one",
                Spread.of(ours.processor),
                digits=2,
                bare=Spread.of(bare.processor),
            ),
            Figure(
                f"{way}_share_of_ours",
                "… share of it that is ours",
                Spread.of([1 - b / o for o, b in zip(ours.processor, bare.processor, strict=True)]),
                digits=2,
            ),
        ]
    return figures
