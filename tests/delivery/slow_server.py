"""A real connection to a mail server that takes its time, and what it has seen: the other end of a delivery."""

import asyncio

from tests.conformance.providers import At, BarePeer, Does


class SlowServer(BarePeer):
    """It accepts recipients, asks for bodies and answers them, when it is let.

    Attributes:
        accepts, answers: whether it does by now; asked: it asks for bodies, as it does from the first.
        saying: how it answers bodies; None: it takes them.
        recipients, datas, bodies: how many were named, announced, and begun.
    """

    def __init__(self) -> None:
        super().__init__()
        self.accepts, self.answers = asyncio.Event(), asyncio.Event()
        self.asked = asyncio.Event()
        self.asked.set()
        self.saying: Does | None = None
        self.recipients = self.datas = self.bodies = 0
        self._more = asyncio.Condition()

    async def struck(self, at: At, message: int, writer: asyncio.StreamWriter) -> bool:
        match at:
            case At.RCPT:
                await self._count(recipients=1)
                await self.accepts.wait()
            case At.DATA:
                await self._count(asked=1)
                await self.asked.wait()
            case At.MIDDLE:
                await self._count(bodies=1)
            case At.END:
                await self.answers.wait()
                if self.saying is not None:
                    writer.write(self.saying.reply)
                    return True
            case _:
                pass
        return False

    async def _count(self, recipients: int = 0, asked: int = 0, bodies: int = 0) -> None:
        async with self._more:
            self.recipients += recipients
            self.datas += asked
            self.bodies += bodies
            self._more.notify_all()

    async def has_seen(self, recipients: int = 0, asked: int = 0, bodies: int = 0) -> None:
        """Returns when so many were named, announced and begun."""
        async with self._more:
            await self._more.wait_for(
                lambda: self.recipients >= recipients and self.datas >= asked and self.bodies >= bodies
            )

    async def __aexit__(self, *_: object) -> None:
        self.accepts.set()
        self.asked.set()
        self.answers.set()
        await super().__aexit__()
