"""How each connection is: what was last heard and asked, what is wrong, and what to do about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.connections.shops import NotConnected
from activities.connections.subscribing import PublicAddress, webhook_address
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.storefronts.shop_api import Health, Limits, ShopApi
from schemas.ids import StoreId
from schemas.responses.connections import ConnectionReport, ConnectionsReport, LimitsReport, SubscriptionReport
from schemas.time.durations import format_duration

SQL = load_queries("starter.shops", "connection_status.sql")

MOST_STORES = 1000


@dataclass(frozen=True, slots=True)
class _Row:
    store: str
    source: str
    connected_at: datetime
    token_ends_at: datetime | None
    answered_at: datetime | None
    failing_since: datetime | None
    failing_why: str | None
    polled_at: datetime | None
    orders_asked_at: datetime | None
    orders_refused: str | None
    synced_at: datetime | None
    synced_count: int | None
    heard_at: datetime | None
    silent_at: datetime | None
    old_secret_until: datetime | None
    hints: int
    hints_dropped: int
    sends: bool


@dataclass(frozen=True, slots=True)
class _Subscription:
    store: str
    topic: str
    health: str
    why: str | None
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class _Parted:
    at: datetime
    why: str | None


class ConnectionStatus:
    """Looks at connections; asks no platform.

    Args:
        apis: by source.
        public_url: where platforms send their webhooks, as this process was told.
    """

    def __init__(self, pool: Pool, apis: Mapping[str, type[ShopApi]], public_url: str | None) -> None:
        self._pool, self._apis, self._public_address = pool, apis, PublicAddress(pool, public_url)

    async def note_public_address(self) -> None:
        """Write down where this web server is reached, for commands in shells that were not told."""
        await self._public_address.note()

    async def show(self, store_id: StoreId | None = None) -> ConnectionsReport:
        """One store, or all: a thousand at most.

        Raises:
            NotConnected: there is no such connection.
        """
        rows = await SQL.list.rows(self._pool, _Row, store_id=store_id, most=MOST_STORES)
        if store_id is not None and not rows:
            parted = await SQL.parted.row(self._pool, _Parted, store_id=store_id)
            raise NotConnected(store_id, f"{parted.why}, {_clock(parted.at)}" if parted and parted.why else None)
        public_url = await self._public_address.url()
        subscriptions = await SQL.subscriptions.rows(self._pool, _Subscription, store_id=store_id)
        return ConnectionsReport(
            stores=tuple(
                self._report(row, [each for each in subscriptions if each.store == row.store], public_url)
                for row in rows
            )
        )

    def _report(self, row: _Row, subscriptions: Sequence[_Subscription], public_url: str | None) -> ConnectionReport:
        api = self._apis.get(row.source)
        return ConnectionReport(
            store=row.store,
            source=row.source,
            connected_at=row.connected_at,
            heard_at=row.heard_at,
            answered_at=row.answered_at,
            polled_at=row.polled_at,
            orders_asked_at=row.orders_asked_at,
            synced_at=row.synced_at,
            synced_count=row.synced_count,
            token_ends_at=row.token_ends_at,
            old_secret_until=row.old_secret_until,
            hints=row.hints,
            hints_dropped=row.hints_dropped,
            address=webhook_address(public_url, row.source, row.store) if row.sends else None,
            subscriptions=tuple(
                SubscriptionReport(topic=each.topic, health=each.health, why=each.why, looked_at=each.looked_at)
                for each in subscriptions
            ),
            limits=_limits(api.limits) if api else None,
            problems=tuple(self._problems(row, subscriptions, public_url)),
        )

    def _problems(self, row: _Row, subscriptions: Sequence[_Subscription], public_url: str | None) -> Iterator[str]:
        if row.failing_why is not None:
            yield f"Its API does not answer as it should since {_clock(row.failing_since)}: {row.failing_why}"
        if row.orders_refused is not None:
            yield (
                f"Its orders cannot be read, so nobody who bought is taken for it, and no revenue is known: "
                f"{row.orders_refused} They are asked for again by themselves."
            )
        if row.silent_at is not None:
            yield (
                f"It fell silent: its last webhook came {_clock(row.heard_at)}. `shelftalk store webhooks {row.store}` "
                f"looks at its subscriptions; `shelftalk store quiet {row.store}` if they are meant to end."
            )
        for each in subscriptions:
            if each.health != Health.ALIVE:
                why = f", by the platform's word: {each.why}" if each.why else ""
                yield f"Its webhooks '{each.topic}' are {each.health}{why}; `shelftalk store webhooks {row.store}`."
        if row.hints_dropped:
            yield (
                f"So many things that its webhooks hinted at wait to be asked for that {row.hints_dropped:,} more were "
                "not kept. What is waited for is asked for all the same; orders and carts among them stay unknown."
            )
        if public_url is None and row.sends:
            yield "SHELFTALK_PUBLIC_URL is not set, so its platform can send no webhooks here."
        if row.synced_at is None and row.source in self._apis:
            yield f"Its catalogue was never read: `shelftalk store sync {row.store}`."


def _limits(limits: Limits) -> LimitsReport:
    calls, span = limits.calls or (None, None)
    return LimitsReport(
        answer_seconds=limits.answer_seconds,
        last_retry_seconds=max(limits.retries, default=timedelta()).total_seconds() or None,
        switched_off=limits.switched_off,
        calls=calls,
        calls_seconds=span.total_seconds() if span else None,
        heard_within_seconds=limits.heard_within.total_seconds(),
    )


def _clock(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def in_words(limits: LimitsReport) -> Iterator[str]:
    """A platform's limits, a line each."""
    if limits.answer_seconds is not None:
        yield f"wants a webhook answered within {limits.answer_seconds:g} s"
    if limits.last_retry_seconds is not None:
        yield f"sends it again for {format_duration(timedelta(seconds=limits.last_retry_seconds))}"
    if limits.switched_off is not None:
        yield f"switches webhooks off: {limits.switched_off}"
    if limits.calls is not None and limits.calls_seconds is not None:
        yield f"bears {limits.calls} calls in {limits.calls_seconds:g} s"
    yield f"a lost webhook is made up for within {format_duration(timedelta(seconds=limits.heard_within_seconds))}"
