"""What webhooks miss, mended: what is waited for is asked for at intervals, as are orders that no webhook tells of;
what a webhook only hinted at is asked for at once, and subscriptions that a platform has switched off are made again.

Any number of processes do this side by side: each takes a store by moving its next time, so that one that dies in the
middle leaves the store to the next. A shop that does not answer, or takes long, keeps nobody else waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from traceback import extract_tb

import asyncpg
import structlog

from activities.connections.asking import ask, learn, now
from activities.connections.catalogue import read_catalogue
from activities.connections.shops import NoShopApi, NotConnected, OpenShop, Shops
from activities.connections.subscribing import tend_subscriptions, webhook_address
from activities.intake.intake import Intake
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.storefronts.shop_api import OrdersRefused, Watched
from activities.storefronts.shop_http import AccessRefused, ShopAway
from schemas.errors import DomainError
from schemas.ids import StoreId
from schemas.incoming.facts import Fact, HintFact

SQL = load_queries("activities.connections", "keeping_true.sql")
log = structlog.get_logger()

AT_ONCE = 4
"""Stores that one process asks at the same time for each kind of thing."""
ASKED_AT_ONCE = 200
"""Of what is waited for: what is learnt is applied before more is asked for."""
MOST_WATCHED = 20_000
"""Of one store in one round; the rest has its turn in the next."""
HINTS_AT_ONCE = 100
LONGEST_POLL = timedelta(hours=1)
WATCHED_EVERY = timedelta(hours=1)
"""Between two looks at a store's subscriptions."""
ORDERS_OVERLAP = timedelta(minutes=10)
"""Orders are asked for again from so long before the last change: one may be written with a time before it."""
HINT_FIRST_PAUSE = timedelta(seconds=5)
"""Until a hint is tried again that could not be asked about; doubled each time, to an hour."""
IDLE = timedelta(seconds=2)
MOST_PLACES = 4
"""Of an error's way through the code, as the log has it: those nearest to the fault."""

Work = Callable[[StoreId], Awaitable[bool]]
"""What is done at a store; whether it came to something."""


@dataclass(frozen=True, slots=True)
class _Hint:
    id: int
    due_at: datetime
    product_id: str | None
    variant_id: str | None
    order_id: str | None
    cart_id: str | None
    observed_at: datetime

    @property
    def concerns_the_shop(self) -> bool:
        """It names nothing: whatever the shop has may be meant."""
        return (self.product_id, self.variant_id, self.order_id, self.cart_id) == (None,) * 4

    def fact(self) -> HintFact:
        """As the shop's API is asked about it."""
        return HintFact(
            product_id=self.product_id,
            variant_id=self.variant_id,
            order_id=self.order_id,
            cart_id=self.cart_id,
            observed_at=self.observed_at,
        )


class KeepingTrue:
    """Asks shops' APIs what webhooks do not tell.

    Args:
        public_url: where platforms send their webhooks; None: nowhere, and no subscription is made.
    """

    def __init__(self, pool: Pool, shops: Shops, intake: Intake, public_url: str | None) -> None:
        self._pool, self._shops, self._intake, self._public_url = pool, shops, intake, public_url
        self._kinds: tuple[Work, ...] = (
            self._follow_hints,
            self._poll,
            self._mend_subscriptions,
            self._ask_for_orders,
        )
        self._asked_for_orders = [source for source, api in shops.apis.items() if api.orders_are_asked_for]
        self._under_way: dict[tuple[Work, str], asyncio.Task[bool]] = {}
        self._hinted_last = ""

    async def run(self) -> None:
        """Run until cancelled. A lost database is waited for.

        A store that takes long has one place of its kind, and the others go on beside it.
        """
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    for do, store in await self._due():
                        self._under_way[do, store] = group.create_task(self._at(do, store))
                except (*POSTGRES_AWAY, asyncpg.PostgresError) as error:
                    log.warning("shops not asked", error=type(error).__name__)
                if not await self._one_done():
                    await asyncio.sleep(IDLE.total_seconds())

    async def look(self) -> int:
        """Do what is due now. Returns for how many stores."""
        return sum(await asyncio.gather(*(self._at(do, store) for do, store in await self._due())))

    async def _due(self) -> list[tuple[Work, str]]:
        """What is to be begun, as far as there is room for it; those that were hinted at in turn."""
        busy = {do: [store for each, store in self._under_way if each == do] for do in self._kinds}
        room = {do: AT_ONCE - len(stores) for do, stores in busy.items()}
        hinted: list[str] = await SQL.hinted.values(
            self._pool, after=self._hinted_last, busy=busy[self._follow_hints], most=room[self._follow_hints]
        )
        self._hinted_last = hinted[-1] if hinted else ""
        polled = await SQL.take_to_poll.values(self._pool, pause=LONGEST_POLL, most=room[self._poll])
        watched = await SQL.take_to_watch.values(
            self._pool, pause=WATCHED_EVERY, most=room[self._mend_subscriptions] if self._public_url else 0
        )
        ordered = await SQL.take_to_ask_for_orders.values(
            self._pool, pause=LONGEST_POLL, most=room[self._ask_for_orders], sources=self._asked_for_orders
        )
        due = zip(self._kinds, (hinted, polled, watched, ordered), strict=True)
        return [(do, store) for do, stores in due for store in stores]

    async def _one_done(self) -> bool:
        """Wait for what is under way, and not for long. Returns whether any of it did something."""
        if not self._under_way:
            return False
        done, _ = await asyncio.wait(
            self._under_way.values(), timeout=IDLE.total_seconds(), return_when=asyncio.FIRST_COMPLETED
        )
        self._under_way = {what: task for what, task in self._under_way.items() if task not in done}
        return any(task.result() for task in done)

    async def _at(self, do: Work, store: str) -> bool:
        """Whether it came to something. Whatever goes wrong at one store, the others go on, and this process."""
        store_id = StoreId(store)
        try:
            return await self._noted(do, store_id)
        except (*POSTGRES_AWAY, asyncpg.PostgresError) as error:
            log.warning("shop not asked", store=store_id, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - our reading of this platform's answers has a fault
            # Where it was, and not the error's own text, which may quote the answer.
            where = [f"{at.name} ({at.filename}:{at.lineno})" for at in extract_tb(error.__traceback__)[-MOST_PLACES:]]
            log.error("shop answer not understood", store=store_id, error=type(error).__name__, where=where)
        return False

    async def _noted(self, do: Work, store_id: StoreId) -> bool:
        try:
            done = await do(store_id)
        except (NotConnected, NoShopApi):
            return False  # it was disconnected meanwhile, or there is nothing to ask
        except DomainError as error:
            log.warning("shop not asked", store=store_id, error=error.code, why=str(error))
            await self._shops.failed(store_id, error)
            return False
        if done:
            await self._shops.answered(store_id)
        return done

    async def _poll(self, store_id: StoreId) -> bool:
        """Ask for everything of it that somebody waits for."""
        shop = await self._shops.open(store_id)
        within = min(shop.api.limits.heard_within, LONGEST_POLL)
        await SQL.poll_again.run(self._pool, store_id=store_id, pause=within)
        watched = await SQL.watched.rows(self._pool, Watched, store_id=store_id, most=MOST_WATCHED)
        for start in range(0, len(watched), ASKED_AT_ONCE):
            await self._ask(shop, shop.api.read_back(watched[start : start + ASKED_AT_ONCE]))
            # Its next time moves with it, so that no other process begins it again besides.
            await SQL.poll_again.run(self._pool, store_id=store_id, pause=within)
        await SQL.polled.run(self._pool, store_id=store_id)
        return bool(watched)

    async def _ask_for_orders(self, store_id: StoreId) -> bool:
        """Ask for orders that changed since the last that is known; each page is applied before the next."""
        shop = await self._shops.open(store_id)
        within = min(shop.api.limits.heard_within, LONGEST_POLL)
        up_to: datetime | None = await SQL.orders_again.value(self._pool, store_id=store_id, pause=within)
        if up_to is None:
            return False  # it was disconnected meanwhile
        since = await now(self._pool)
        try:
            async for page in shop.api.orders_changed(up_to - ORDERS_OVERLAP):
                await learn(self._intake, shop, page.facts, since)
                await SQL.orders_known.run(self._pool, store_id=store_id, up_to=page.changed_until, pause=within)
        except OrdersRefused as error:
            # All else is answered, so the store is not failing; its status says what is missing.
            log.warning("shop not asked", store=store_id, error=error.code, why=str(error))
            await SQL.orders_refused.run(self._pool, store_id=store_id, why=str(error))
            return False
        await SQL.orders_asked.run(self._pool, store_id=store_id)
        return True

    async def _follow_hints(self, store_id: StoreId) -> bool:
        """Ask for what webhooks hinted at; a hint that came again meanwhile stays."""
        async with transaction(self._pool) as connection:
            # Before anything is asked: where the shop lets nobody in, they come again later, and not at once.
            hints = await SQL.take_hints.rows(
                connection, _Hint, store_id=store_id, most=HINTS_AT_ONCE, pause=HINT_FIRST_PAUSE
            )
        if not hints:
            return False
        shop = await self._shops.open(store_id)
        named = [each for each in hints if not each.concerns_the_shop]
        whole = [each for each in hints if each.concerns_the_shop]
        spoiled = await self._follow(shop, named) if named else None
        if whole:
            await self._ask(shop, shop.api.read_hints([each.fact() for each in whole]))
            await read_catalogue(self._pool, self._intake, shop, lambda _read, _total: None, accept_gone=False)
            await self._followed(whole)
        if spoiled is not None:
            raise spoiled
        return True

    async def _follow(self, shop: OpenShop, hints: Sequence[_Hint]) -> Exception | None:
        """Ask about hints together; where one of them spoils the answer, about the others without it.

        Returns what it was spoiled by.
        """
        try:
            await self._ask(shop, shop.api.read_hints([each.fact() for each in hints]))
        except (ShopAway, AccessRefused, *POSTGRES_AWAY):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it may be of one hint alone
            if len(hints) == 1:
                return error
        else:
            await self._followed(hints)
            return None
        middle = len(hints) // 2
        first = await self._follow(shop, hints[:middle])
        return await self._follow(shop, hints[middle:]) or first

    async def _followed(self, hints: Sequence[_Hint]) -> None:
        await SQL.followed.run(self._pool, ids=[each.id for each in hints], due_at=[each.due_at for each in hints])

    async def _mend_subscriptions(self, store_id: StoreId) -> bool:
        shop = await self._shops.open(store_id)
        address = webhook_address(self._public_url, shop.source, shop.store_id)
        if address is None or shop.webhook_secret is None:
            return False
        tended = await tend_subscriptions(self._pool, self._shops, shop, address, shop.webhook_secret)
        if tended.made_again:
            log.warning("subscriptions made again", store=shop.store_id, topics=tended.made_again)
        # A platform without any was not asked, so nothing says that it answers.
        return bool(tended.found)

    async def _ask(self, shop: OpenShop, question: Awaitable[Sequence[Fact]]) -> None:
        await ask(self._pool, self._intake, shop, question)
