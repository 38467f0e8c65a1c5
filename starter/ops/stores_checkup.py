"""The part of the check-up that looks at stores: whether one has fallen silent."""

from dataclasses import dataclass
from datetime import datetime

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from starter.ops.findings import Finding, bad, good

SQL = load_queries("starter.ops", "stores_checkup.sql")

MOST_SAID = 5
"""Stores in one line."""


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
