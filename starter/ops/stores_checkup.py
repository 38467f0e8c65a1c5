"""The part of the check-up that looks at stores: whether one has fallen silent, or a connection does not work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from starter.ops.findings import Finding, bad, good, note

SQL = load_queries("starter.ops", "stores_checkup.sql")

MOST_SAID = 5
"""Stores in one line."""
STUMBLE = timedelta(minutes=15)
"""A shop's server that is away for less is on its way back."""


@dataclass(frozen=True, slots=True)
class SilentStore:
    """One of so many stores that have fallen silent."""

    store_id: str
    heard_at: datetime
    stores: int


async def examine_silence(pool: Pool) -> Finding:
    """Stores that send nothing for far longer than they ever do."""
    silent = await SQL.silent.rows(pool, SilentStore, most=MOST_SAID)
    if not silent:
        return good("stores", "none has fallen silent")
    told = ", ".join(f"{each.store_id} since {each.heard_at:%Y-%m-%d %H:%M} UTC" for each in silent)
    more = f" and {silent[0].stores - len(silent)} more" if silent[0].stores > len(silent) else ""
    return bad(
        "stores",
        f"silent for far longer than ever: {told}{more}",
        "See in the shop whether its webhooks are there still, and here whether they are refused. If it is meant to be "
        f"silent: `shelftalk store quiet {silent[0].store_id}`.",
    )


@dataclass(frozen=True, slots=True)
class FailingStore:
    """One of so many connected stores with which something is wrong."""

    store_id: str
    failing_since: datetime | None
    failing_why: str | None
    webhooks_missing: int
    stores: int


async def examine_connections(pool: Pool) -> Finding:
    """Connected stores whose API does not answer, or whose webhooks are not all there."""
    failing = await SQL.failing.rows(pool, FailingStore, stumble=STUMBLE, most=MOST_SAID)
    if not failing:
        return good("connections", f"{await SQL.connected.value(pool)} stores are connected, and all answer")
    told = ", ".join(
        f"{each.store_id} does not answer since {each.failing_since:%Y-%m-%d %H:%M} UTC"
        if each.failing_since
        else f"{each.store_id} lacks {each.webhooks_missing} of its webhooks"
        for each in failing
    )
    more = f" and {failing[0].stores - len(failing)} more" if failing[0].stores > len(failing) else ""
    advice = f"`shelftalk store status {failing[0].store_id}` says why, and what to do."
    return (bad if any(each.failing_since for each in failing) else note)("connections", f"{told}{more}", advice)
