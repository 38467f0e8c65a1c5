"""Which tables a statement reads from their beginning to their end."""

from activities.postgres.pool import Pool

_SCANS = "select relname, seq_scan from pg_stat_xact_user_tables"


async def read_whole(pool: Pool, statement: str) -> set[str]:
    """Those that it reads so, with all that it calls."""
    async with pool.acquire() as connection, connection.transaction():
        before = {row["relname"]: row["seq_scan"] for row in await connection.fetch(_SCANS)}
        await connection.execute(statement)
        after = {row["relname"]: row["seq_scan"] for row in await connection.fetch(_SCANS)}
    return {table for table, scans in after.items() if scans > before.get(table, 0)}
