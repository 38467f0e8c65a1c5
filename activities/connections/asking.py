"""A shop is asked, and what it answers is applied: as of a time that tells it from what the shop tells meanwhile."""

from collections.abc import Awaitable, Sequence
from datetime import datetime

from activities.connections.shops import OpenShop
from activities.intake.intake import Intake
from activities.intake.newest import Asked
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.incoming.facts import Fact

SQL = load_queries("activities.connections", "asking.sql")

APPLIED_AT_ONCE = 20
"""Facts of one transaction: few enough that a webhook about one of them does not wait long."""


async def now(pool: Pool) -> datetime:
    """By the clock that what is written has its times from."""
    at: datetime = await SQL.now.value(pool)
    return at


async def ask(pool: Pool, intake: Intake, shop: OpenShop, question: Awaitable[Sequence[Fact]]) -> Sequence[Fact]:
    """Ask a question that has not gone out yet, and apply the answer; returns it."""
    since = await now(pool)
    facts = await question
    await learn(intake, shop, facts, since)
    return facts


async def learn(intake: Intake, shop: OpenShop, facts: Sequence[Fact], since: datetime) -> None:
    """Apply what a shop answered to what it was asked at `since`, or later."""
    asked = Asked(since, shop.http.clock.latest())
    for start in range(0, len(facts), APPLIED_AT_ONCE):
        await intake.learn(shop.store_id, shop.source, facts[start : start + APPLIED_AT_ONCE], asked)
