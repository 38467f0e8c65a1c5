"""What a platform does with its messages: sends each to whoever subscribed, late, twice, shuffled or not at all as it
is told to; again when it was not taken; and no more to a subscription that its rule has switched off.
"""

import asyncio
import json
import random
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from starter.simulated.shop import Hook, Rule, SendingShop, Sent, Told

Make = Callable[[datetime, int], Told]
"""Makes a message of a moment and a number."""
TAKEN = range(200, 303)
TICK = timedelta(milliseconds=1)
"""Between two changes: what platforms tell moments by."""
SHOWN = 200
"""Deliveries that are kept to be looked at."""
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How well a platform delivers.

    Attributes:
        delay: seconds until it sends; shuffled: at most.
        twice, lost, broken: parts of the messages that are sent twice, never, or in a shape that nobody can read.
        shuffled: each is sent after a pause of its own.
        faster: it tries again so many times sooner than the platform does.
    """

    delay: float = 0
    twice: float = 0
    lost: float = 0
    broken: float = 0
    shuffled: bool = False
    faster: float = 1


@dataclass(frozen=True, slots=True)
class Delivered:
    """One try, or why there was none."""

    at: datetime
    topic: str
    about: str
    answer: str


class Record:
    """How messages of one subscription fared; moments are seconds of one clock."""

    def __init__(self) -> None:
        self.in_a_row = 0
        self.taken_at: float | None = None
        self._tries = deque[tuple[float, bool]]()

    def note(self, taken: bool, now: float) -> None:
        """One try."""
        if self.taken_at is None or taken:
            self.taken_at = now
        self.in_a_row = 0 if taken else self.in_a_row + 1
        self._tries.append((now, taken))
        while self._tries[0][0] < now - DAY:
            self._tries.popleft()

    def why_off(self, rule: Rule, now: float, *, last: bool) -> str | None:
        """Why the subscription is off by now; None: it is not.

        Args:
            last: the try was the last of its message.
        """
        if not self.in_a_row:
            return None
        if rule.failures is not None and self.in_a_row >= rule.failures:
            return f"{self.in_a_row} in a row were not taken"
        if rule.gives_up and last:
            return "a message was not taken at the last try"
        if rule.share is not None:
            least, part = rule.share
            refused = sum(not taken for _, taken in self._tries)
            if len(self._tries) >= least and refused >= part * len(self._tries):
                return f"{refused} of {len(self._tries)} in a day were not taken"
        if (
            rule.silence is not None
            and self.taken_at is not None
            and now - self.taken_at >= rule.silence.total_seconds()
        ):
            return "nothing was taken for too long"
        return None


class Deliveries:
    """Of one shop.

    Attributes:
        shown: what was delivered, the newest first.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        to: str,
        pace: Pace,
        dice: random.Random,
        say: Callable[[Delivered], None],
    ) -> None:
        self.to, self.pace = to, pace
        self.shown = deque[Delivered](maxlen=SHOWN)
        self._http, self._dice, self._say = http, dice, say
        self._records = defaultdict[str, Record](Record)
        self._tasks = set[asyncio.Task[None]]()
        self._turn = asyncio.Lock()
        self._number = int(time.time() * 1000)
        self._last = datetime.now(UTC)
        self._signed_with: str | None = None

    def moment(self) -> datetime:
        """Now, and later than any moment before as platforms tell them."""
        self._last = max(datetime.now(UTC), self._last + TICK)
        return self._last

    def next_number(self) -> int:
        """Of a thing that there was none of before."""
        self._number += 1
        return self._number

    def tell(self, shop: SendingShop, make: Make, about: str) -> None:
        """Send a message as the platform would."""
        at, number = self.moment(), self.next_number()
        topic, message = make(at, number)
        if (secret := shop.secret) is None or not (hooks := shop.hooks(topic)):
            self._note(topic, about, "not sent: nobody is subscribed to it")
            return
        if secret != self._signed_with:
            shop.begin(secret)
            self._signed_with = secret
        if self._dice.random() < self.pace.lost:
            self._note(topic, about, "lost on its way")
            return
        made: Make = make if shop.in_turn else partial(as_it_was, (topic, message))
        for hook in hooks:
            for _ in range(1 + (self._dice.random() < self.pace.twice)):
                self._begin(self._deliver(shop, hook, made, at, number, about))

    def greet(self, shop: SendingShop, hook: Hook) -> None:
        """What the platform sends to a subscription as soon as it is made, if it does."""

        async def greeted(request: Sent) -> None:
            _, said = await self._asked(hook, request, shop.rule)
            self._note("ping", "a new subscription", said)

        if (request := shop.greeting(hook)) is not None:
            self._begin(greeted(request))

    async def settle(self) -> None:
        """Until all that is under way has come to its end."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def stop(self) -> None:
        """Send nothing more."""
        for task in self._tasks:
            task.cancel()

    def _begin(self, delivering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(delivering)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, shop: SendingShop, hook: Hook, make: Make, at: datetime, number: int, about: str) -> None:
        shuffled, rule = self.pace.shuffled, shop.rule
        await asyncio.sleep(self.pace.delay * (self._dice.random() if shuffled else 1))
        if shuffled:
            sent = await self._first(shop, hook, make, at, number, about)
        else:
            async with self._turn:
                sent = await self._first(shop, hook, make, at, number, about)
        before = timedelta()
        for place, after in enumerate(rule.retries):
            if sent is None:
                return
            await asyncio.sleep((after - before).total_seconds() / self.pace.faster)
            before = after
            topic, request = sent
            if await self._try(shop, hook, topic, request, about, last=place == len(rule.retries) - 1, again=True):
                return

    async def _first(
        self, shop: SendingShop, hook: Hook, make: Make, at: datetime, number: int, about: str
    ) -> tuple[str, Sent] | None:
        """What has to be sent again; None: nothing."""
        topic, message = make(at, number)
        body = json.dumps(message).encode()
        broken = self._dice.random() < self.pace.broken
        request = shop.sent(topic, body[:-1] if broken else body, at, shop.key, number)
        taken = await self._try(shop, hook, topic, request, about, last=not shop.rule.retries)
        return None if taken else (topic, request)

    async def _try(
        self, shop: SendingShop, hook: Hook, topic: str, request: Sent, about: str, *, last: bool, again: bool = False
    ) -> bool:
        """Whether that is the end of it."""
        if hook.id not in {each.id for each in shop.hooks(topic)}:
            self._note(topic, about, "not sent: its subscription is off")
            return True
        taken, said = await self._asked(hook, request, shop.rule)
        record, now = self._records[hook.id], time.monotonic() * self.pace.faster
        record.note(taken, now)
        self._note(topic, about, said + (" (again)" if again else ""))
        if (why := record.why_off(shop.rule, now, last=last)) is not None:
            record.in_a_row = 0
            shop.switch_off(hook.id)
            self._note(topic, about, f"the platform has switched its subscription off: {why}")
        return taken

    async def _asked(self, hook: Hook, request: Sent, rule: Rule) -> tuple[bool, str]:
        """Whether it was taken, and what was answered."""
        asked = urlsplit(hook.address)
        url = f"{self.to}{asked.path}" + (f"?{asked.query}" if asked.query else "")
        try:
            answer = await self._http.post(
                url, content=request.body, headers=dict(request.headers), timeout=rule.seconds
            )
        except httpx.HTTPError as error:
            return False, f"no answer ({type(error).__name__})"
        return answer.status_code in TAKEN, f"{answer.status_code}"

    def _note(self, topic: str, about: str, answer: str) -> None:
        one = Delivered(datetime.now(UTC), topic, about, answer)
        self.shown.appendleft(one)
        self._say(one)


def as_it_was(told: Told, _at: datetime, _number: int) -> Told:
    """A message that was made already."""
    return told


@asynccontextmanager
async def delivering(
    to: str, pace: Pace, dice: random.Random, say: Callable[[Delivered], None]
) -> AsyncGenerator[Deliveries]:
    """A platform delivers for so long.

    Args:
        to: where messages go in place of the host that was subscribed: what is public in a story is on this machine.
    """
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False) as http:
        deliveries = Deliveries(http, to.rstrip("/"), pace, dice, say)
        try:
            yield deliveries
        finally:
            deliveries.stop()
