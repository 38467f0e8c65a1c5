"""What webhooks miss, mended: what is waited for is asked for at intervals, what a webhook only hinted at is asked for
at once, and subscriptions that a platform has switched off are made again.

Any number of processes do this side by side: each takes a store by moving its next time, so that one that dies in the
middle leaves the store to the next. A shop that does not answer keeps nobody else waiting for longer than its own turn.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import asyncpg
import structlog

from activities.connections.catalogue import read_catalogue
from activities.connections.shops import SHOP_TROUBLE, OpenShop, Shops
from activities.intake.intake import Intake
from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.storefronts.shop_api import Health, Subscription, Watched
from schemas.errors import DomainError
from schemas.ids import StoreId
from schemas.incoming.facts import Fact, HintFact

SQL = load_queries("activities.connections", "keeping_true.sql")
log = structlog.get_logger()

AT_ONCE = 4
"""Stores that are asked at the same time by one process: a slow one holds up three others at most."""
ASKED_AT_ONCE = 200
"""Of what is waited for: what is learnt is applied before more is asked for."""
MOST_WATCHED = 20_000
"""Of one store in one round; the rest has its turn in the next."""
HINTS_AT_ONCE = 100
APPLIED_AT_ONCE = 20
"""Facts of one transaction: few enough that a webhook about one of them does not wait long."""
LONGEST_POLL = timedelta(hours=1)
WATCHED_EVERY = timedelta(hours=1)
"""Between two looks at a store's subscriptions."""
HINT_FIRST_PAUSE = timedelta(seconds=5)
"""Until a hint is tried again that could not be asked about; doubled each time, to an hour."""
IDLE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Hint:
    id: int
    attempts: int
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

    async def run(self) -> None:
        """Run until cancelled. A lost database is waited for."""
        while True:
            try:
                busy = await self.look()
            except (*POSTGRES_AWAY, asyncpg.PostgresError) as error:
                log.warning("shops not asked", error=type(error).__name__)
                busy = 0
            if not busy:
                await asyncio.sleep(IDLE.total_seconds())

    async def look(self) -> int:
        """Do what is due now. Returns for how many stores."""
        hinted = await SQL.hinted.values(self._pool, most=AT_ONCE)
        polled = await SQL.take_to_poll.values(self._pool, pause=LONGEST_POLL, most=AT_ONCE)
        watched = await SQL.take_to_watch.values(
            self._pool, pause=WATCHED_EVERY, most=AT_ONCE if self._public_url else 0
        )
        work = [
            *(self._at(store, self._follow_hints) for store in hinted),
            *(self._at(store, self._poll) for store in polled),
            *(self._at(store, self._mend_subscriptions) for store in watched),
        ]
        return sum(await asyncio.gather(*work))

    async def _at(self, store: str, do: Callable[[OpenShop], Awaitable[bool]]) -> bool:
        store_id = StoreId(store)
        try:
            shop = await self._shops.open(store_id)
            done = await do(shop)
        except DomainError as error:
            if isinstance(error, SHOP_TROUBLE):
                await self._shops.failed(store_id, error)
            log.warning("shop not asked", store=store_id, error=error.code, why=str(error))
            return False
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            # Our reading of this platform's answers has a fault: the others, and this process, go on.
            log.error("shop answer not understood", store=store_id, error=type(error).__name__, exc_info=True)
            return False
        if done:
            await self._shops.answered(store_id)
        return done

    async def _poll(self, shop: OpenShop) -> bool:
        """Ask for everything of it that somebody waits for."""
        within = min(shop.api.limits.heard_within, LONGEST_POLL)
        await SQL.poll_again.run(self._pool, store_id=shop.store_id, pause=within)
        watched = await SQL.watched.rows(self._pool, Watched, store_id=shop.store_id, most=MOST_WATCHED)
        for start in range(0, len(watched), ASKED_AT_ONCE):
            await self._learn(shop, await shop.api.read_back(watched[start : start + ASKED_AT_ONCE]))
        await SQL.polled.run(self._pool, store_id=shop.store_id)
        return bool(watched)

    async def _follow_hints(self, shop: OpenShop) -> bool:
        """Ask for what webhooks hinted at; a hint that came again meanwhile stays."""
        async with transaction(self._pool) as connection:
            hints = await SQL.take_hints.rows(
                connection, _Hint, store_id=shop.store_id, most=HINTS_AT_ONCE, pause=HINT_FIRST_PAUSE
            )
        told = [each.fact() for each in hints]
        if told:
            await self._learn(shop, await shop.api.read_hints(told))
        if any(each.concerns_the_shop for each in hints):
            await read_catalogue(self._pool, self._intake, shop, lambda _read, _total: None, accept_gone=False)
        await SQL.followed.run(self._pool, ids=[each.id for each in hints], attempts=[each.attempts for each in hints])
        return bool(hints)

    async def _mend_subscriptions(self, shop: OpenShop) -> bool:
        address = webhook_address(self._public_url, shop.source, shop.store_id)
        if address is None or shop.webhook_secret is None:
            return False
        found = await shop.api.subscriptions(address)
        broken = [each for each in found if each.health is not Health.ALIVE]
        if broken:
            log.warning("subscriptions made again", store=shop.store_id, topics=[each.topic for each in broken])
            found = await shop.api.subscribe(address, shop.webhook_secret)
        await self._shops.learn_signing(shop, found)
        await note_subscriptions(self._pool, shop.store_id, found)
        return True

    async def _learn(self, shop: OpenShop, facts: Sequence[Fact]) -> None:
        for start in range(0, len(facts), APPLIED_AT_ONCE):
            await self._intake.learn(shop.store_id, shop.source, facts[start : start + APPLIED_AT_ONCE])


def webhook_address(public_url: str | None, source: str, store_id: str) -> str | None:
    """Where a platform sends the webhooks of a store; None: this installation has no public address."""
    if public_url is None:
        return None
    return f"{public_url}/v1/webhooks/{source}?store={quote(store_id, safe='')}"


async def note_subscriptions(pool: Pool, store_id: StoreId, found: Sequence[Subscription]) -> None:
    """Keep how the subscriptions of a store are, for those who ask."""
    async with transaction(pool) as connection:
        await SQL.forget_subscriptions.run(connection, store_id=store_id, topics=[each.topic for each in found])
        for each in found:
            await SQL.note_subscription.run(
                connection, store_id=store_id, topic=each.topic, health=each.health, why=each.why
            )
