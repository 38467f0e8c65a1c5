"""A storm over one shop: what its platform sends, over real HTTP, while secrets, tokens and subscriptions change.

The shop changes its stock all the time, and stands still only for the moments in which it is asked: what is asked for
is as of the moment of asking, and a change within that moment has no place before or after it.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from httpx import Response
from pydantic import SecretStr
from temporalio.client import Client

from activities.connections.keeping_true import KeepingTrue
from activities.connections.sealing import Seal
from activities.connections.shops import Shops
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.storefronts.registry import SHOP_APIS
from activities.waitlist.entrances import Entrances
from schemas.ids import StoreId
from starter.http.app import create_app
from starter.http.server import serving
from starter.shops.connections import Connections
from starter.shops.webhook_secrets import WebhookSecrets
from starter.shops.webhooks import Webhooks
from starter.simulated.shop import SendingShop, Sent
from starter.versioning.publishing import publish
from tests.http.conftest import services_over
from tests.http.web import SETTINGS, Web, open_web
from tests.look_through import look_at_metrics
from tests.product import address, starter_document

PUBLIC_URL = "https://alerts.example"
AT_ONCE = 16
"""Deliveries that are under way at the same time."""
VARIANTS = 36
WINDOW = 60
"""Deliveries that wait at the platform: the next one is any of them."""
REPEATED = 0.3
BROKEN_OF = 100
"""One delivery of so many is broken, by each kind in turn."""
LOOKS = 10
MOST_UNITS = 5
TICK = timedelta(milliseconds=1)
"""Between two changes of a shop: what platforms tell moments by. Shopify's are finer in the header of a delivery."""
SECRETS_KEPT_SECONDS = 0.1
MOST_LOOKS = 100
MOST_AGAIN = 4
"""A delivery that is answered 503 is sent again, by whatever platform."""


class Kind(StrEnum):
    """What a delivery is."""

    WHOLE = "whole"
    JSON = "no JSON"
    FIELDS = "without fields"
    STRANGER = "signed by a stranger"


@dataclass(eq=False)
class Delivery:
    """What the platform has to send. `request` is what it sends, once it is made."""

    place: int
    number: int
    kind: Kind
    at: datetime
    request: Sent | None = None
    topic: str = ""


@dataclass
class Told:
    """What came of a storm.

    Attributes:
        receipts: of deliveries that are whole.
        refused: statuses of those that are broken, by what is wrong with them.
        taken: numbers of the whole deliveries that were answered 200.
        kept: numbers of those that were answered 400.
        again: how often a delivery was put off with 503, and sent again.
        lost: deliveries that the platform did not send, for it had switched their subscription off.
        rises: of each variant, all units that ever came into the shop.
        restocks: how often it had none, and then some.
    """

    receipts: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[tuple[Kind, int]] = field(default_factory=Counter[tuple[Kind, int]])
    taken: set[int] = field(default_factory=set[int])
    kept: set[int] = field(default_factory=set[int])
    lost: int = 0
    again: int = 0
    mended: bool = False
    seconds: list[float] = field(default_factory=list[float])
    rises: Counter[int] = field(default_factory=Counter[int])
    restocks: Counter[int] = field(default_factory=Counter[int])

    def figures(self) -> str:
        """How long answers took."""
        ordered = sorted(self.seconds)
        p50, p99 = (1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99))
        seldom = f"{self.lost} never sent, {self.again} put off"
        return f"{len(ordered):,} answers, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {seldom}"


@dataclass
class Storm:
    """Our side, and the shop."""

    shop: SendingShop
    pool: Pool
    web: Web
    secrets: WebhookSecrets
    connections: Connections
    keeping_true: KeepingTrue
    dice: random.Random
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.store, self.address = StoreId(""), ""
        self._numbers = 0
        self._pending: list[Delivery] = []
        self._queue: asyncio.Queue[Delivery | None] = asyncio.Queue(AT_ONCE)
        self._turns = [asyncio.Lock() for _ in range(VARIANTS)]
        self._last = datetime.now(UTC)
        self._both = self._off = False

    def waits(self, place: int) -> bool:
        """Whether somebody waits for this variant."""
        return place % 6 != 5

    def only_rises(self, place: int) -> bool:
        """Whether the shop never sells this one."""
        return place % 3 == 0

    async def begin(self) -> None:
        """Connect the shop, learn what it has, and have people wait."""
        await publish(self.pool, starter_document(contacts_per_unit="all"))
        source = self.shop.source
        done = await self.connections.connect(source, self.shop.answers(), "test")
        assert done.address is not None
        self.store, self.address = StoreId(done.store), done.address
        self.shop.begin((await self.secrets.of(source, self.store))[-1])
        if self.shop.api is not None:
            await self.connections.sync(self.store, lambda _read, _total: None, "test")
        for topic, message in self.shop.opening(datetime.now(UTC)):
            at, number = datetime.now(UTC), self._number()
            sent = self.shop.sent(topic, json.dumps(message).encode(), at, self.shop.key, number)
            await self._post(Delivery(0, number, Kind.WHOLE, at, sent))
        for place in filter(self.waits, range(VARIANTS)):
            await Entrances(self.pool).sign_up(address("ann"), self.store, self.shop.variant(place), "test")

    async def rage(self, deliveries: int) -> None:
        """Send so many; and look, at last, when the platform has nothing more to send."""
        acts = {0.2: self._rotate, 0.35: self._forget_former, 0.45: self._end_token, 0.55: self._switch_off}
        due = {int(deliveries * part): act for part, act in acts.items()}
        due |= {deliveries * n // LOOKS + 1: self.look for n in range(1, LOOKS) if n != 6}
        due[int(deliveries * 0.65)] = self._mend
        async with asyncio.TaskGroup() as senders:
            for _ in range(AT_ONCE):
                senders.create_task(self._send_all())
            for made in range(deliveries):
                if made in due:
                    await due[made]()
                await self._make(_kind(made))
                while len(self._pending) > WINDOW:
                    await self._queue.put(self._any())
            await self._drain()
            for _ in range(AT_ONCE):
                await self._queue.put(None)
        await self.look()

    async def look(self) -> None:
        """Everything that is to be asked for is asked for."""
        due = "update connections set poll_due = now(), watch_due = case when $1 then watch_due else now() end"
        await self.pool.execute(due, self._off)
        await self.pool.execute("update hints set due_at = now()")
        for _ in range(MOST_LOOKS):
            if not await self.keeping_true.look():
                break

    async def units(self) -> dict[str, int]:
        """What is known of each variant."""
        rows = await self.pool.fetch(
            "select v.variant_id, v.elsewhere + coalesce((select sum(available) from stock s "
            "where s.store_id = v.store_id and s.inventory_item_id = v.stock_item), 0) as units from variants v"
        )
        return {row["variant_id"]: int(row["units"]) for row in rows}

    async def episodes(self) -> dict[str, list[tuple[int, int]]]:
        """Of each variant, what arrived and what is available of each episode."""
        rows = await self.pool.fetch("select subject, arrived, available from episodes order by id")
        found: dict[str, list[tuple[int, int]]] = {}
        for row in rows:
            found.setdefault(row["subject"].removeprefix("variant/"), []).append((row["arrived"], row["available"]))
        return found

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    async def _make(self, kind: Kind) -> None:
        """One more delivery at the platform: of a change, of one that it has told before, or a broken one."""
        waiting = self._pending
        if kind is Kind.WHOLE and self.dice.random() < REPEATED and waiting:
            waiting.append(self.dice.choice(waiting))
            return
        place = self.dice.randrange(VARIANTS)
        at = await self._moment()
        if kind is Kind.WHOLE:
            await self._change(place, at)
        delivery = Delivery(place, self._number(), kind, at, topic=self.shop.topic)
        if not (self.shop.in_turn and kind is Kind.WHOLE):
            self._write(delivery)
        if kind is Kind.WHOLE and not self.shop.hooks(delivery.topic):
            self.told.lost += 1
        else:
            waiting.append(delivery)

    async def _moment(self) -> datetime:
        """Now, of which no change had the same tick."""
        while datetime.now(UTC) < self._last + TICK:
            await asyncio.sleep(0)
        self._last = datetime.now(UTC)
        return self._last

    async def _change(self, place: int, at: datetime) -> None:
        before = self.shop.units[place]
        units = before + self.dice.randrange(1, 4) if self.only_rises(place) else self.dice.randrange(MOST_UNITS + 1)
        async with self._turns[self.shop.product(place)]:
            self.shop.set(place, units, at)
        self.told.rises[place] += max(0, units - before)
        self.told.restocks[place] += before == 0 < units

    def _write(self, delivery: Delivery) -> None:
        shop, at, number = self.shop, delivery.at, delivery.number
        make = shop.without_fields if delivery.kind is Kind.FIELDS else shop.message
        delivery.topic, message = make(delivery.place, at, number)
        body = json.dumps(message).encode()
        key = self.dice.choice((shop.former, shop.key)) if self._both else shop.key
        key = shop.stranger() if delivery.kind is Kind.STRANGER else key
        delivery.request = shop.sent(delivery.topic, body[:-1] if delivery.kind is Kind.JSON else body, at, key, number)

    def _any(self) -> Delivery:
        return self._pending.pop(self.dice.randrange(len(self._pending)))

    async def _drain(self) -> None:
        """All that waits at the platform is sent, and answered."""
        while self._pending:
            await self._queue.put(self._any())
        await self._queue.join()

    async def _send_all(self) -> None:
        while (delivery := await self._queue.get()) is not None:
            await self._send(delivery)
            self._queue.task_done()

    async def _send(self, delivery: Delivery) -> None:
        if not self.shop.in_turn:
            await self._post(delivery)
            return
        async with self._turns[self.shop.product(delivery.place)]:
            if delivery.request is None:
                self._write(delivery)
            await self._post(delivery)

    async def _post(self, delivery: Delivery) -> None:
        request = delivery.request
        assert request is not None
        answer = await self._tried(request)
        for _ in range(MOST_AGAIN):
            if answer.status_code == 503:
                self.told.again += 1
                answer = await self._tried(request)
        if delivery.kind is not Kind.WHOLE:
            self.told.refused[delivery.kind, answer.status_code] += 1
            if answer.status_code == 400:
                self.told.kept.add(delivery.number)
            return
        assert answer.status_code == 200, f"{delivery.topic}: {answer.status_code} {answer.text}"
        self.told.receipts[answer.json()["receipt"]] += 1
        self.told.taken.add(delivery.number)

    async def _tried(self, request: Sent) -> Response:
        address_, began = urlsplit(self.address), time.perf_counter()
        answer = await self.web.open.post(
            f"{address_.path}?{address_.query}", content=request.body, headers=dict(request.headers)
        )
        self.told.seconds.append(time.perf_counter() - began)
        return answer

    async def _rotate(self) -> None:
        """Shelftalk first, then the platform, which signs with either for a while."""
        secret = self.shop.next_secret()
        report = await self.connections.rotate(self.store, secret, "test")
        new = report.made_secret or (secret or "").strip()
        while new not in await self.secrets.of(self.shop.source, self.store):
            await asyncio.sleep(SECRETS_KEPT_SECONDS)
        self.shop.rotate(new)
        self._both = True

    async def _forget_former(self) -> None:
        """What is signed with the secret before is taken no more: the platform has sent all of that."""
        self._both = False
        await self._drain()
        await self.pool.execute("update store_secrets set ends_at = now() where ends_at is not null")
        while len(await self.secrets.of(self.shop.source, self.store)) > 1:
            await asyncio.sleep(SECRETS_KEPT_SECONDS)

    async def _end_token(self) -> None:
        if self.shop.end_token():
            await self.pool.execute("update connections set token_ends_at = now()")
            await self.look()

    async def _switch_off(self) -> None:
        """Until it is mended nothing is sent that can be switched off."""
        self._off = self.shop.switch_off()

    async def _mend(self) -> None:
        was_off, self._off = self._off, False
        await self.look()
        self.told.mended = was_off


def _kind(made: int) -> Kind:
    """Of the delivery that is made after so many."""
    broken = (Kind.JSON, Kind.FIELDS, Kind.STRANGER)
    return broken[made // BROKEN_OF % len(broken)] if made % BROKEN_OF == BROKEN_OF // 2 else Kind.WHOLE


@asynccontextmanager
async def storm_over(shop: SendingShop, pool: Pool, temporal: Client, seed: int) -> AsyncGenerator[Storm]:
    """A shop, a web server, and all that speaks to it."""
    settings = SETTINGS.model_copy(
        update={
            "secrets_keys": (SecretStr(Fernet.generate_key().decode()),),
            "public_url": PUBLIC_URL,
        }
    )
    async with AsyncExitStack() as stack:
        if shop.api is not None:
            await stack.enter_async_context(shop.api.serving())
        seal, intake = Seal(settings.secrets_keys), Intake(pool)
        secrets = WebhookSecrets(pool, seal, SECRETS_KEPT_SECONDS)
        services = replace(services_over(pool, temporal, settings=settings), webhooks=Webhooks(intake, secrets))
        served = await stack.enter_async_context(serving(create_app(services, settings), "127.0.0.1", 0))
        web = await stack.enter_async_context(open_web(served.url, services))
        shops = Shops(pool, seal, {api.source: api for api in SHOP_APIS}, private_hosts=True)
        stack.push_async_callback(shops.aclose)
        connections = Connections(pool, shops, intake, [shop.source], PUBLIC_URL)
        keeping_true = KeepingTrue(pool, shops, intake, PUBLIC_URL)
        yield Storm(shop, pool, web, secrets, connections, keeping_true, random.Random(seed))
        await look_at_metrics(web.open)
