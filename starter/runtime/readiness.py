"""Whether a process reaches its PostgreSQL and its Temporal just now: for probes, which want an answer in seconds."""

import asyncio
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from activities.postgres.away import POSTGRES_AWAY
from activities.postgres.migrate import MigrationRefused, pending
from activities.postgres.pool import Pool
from schemas.model import Model

CHECK_LIMIT = timedelta(seconds=2)
"""A probe's own limit is often three seconds; the answer should be there before."""


class Component(Model):
    """One component, as this process reaches it."""

    ok: bool
    detail: str


class ReadinessProbe:
    """The components of one process."""

    def __init__(self, pool: Pool, client: Client) -> None:
        self._pool = pool
        self._client = client

    async def postgres(self) -> Component:
        """PostgreSQL: reachable and migrated?"""
        try:
            async with asyncio.timeout(CHECK_LIMIT.total_seconds()):
                missing = await pending(self._pool)
        except MigrationRefused as error:
            return Component(ok=False, detail=str(error))
        except POSTGRES_AWAY as error:
            # Its text may name hosts and accounts; this answer is open to anyone.
            return Component(ok=False, detail=f"PostgreSQL cannot be reached ({type(error).__name__}).")
        if missing:
            return Component(ok=False, detail=f"{missing} migrations are still to be applied.")
        return Component(ok=True, detail="reachable and migrated")

    async def temporal(self) -> Component:
        """Temporal: reachable and serving?"""
        try:
            async with asyncio.timeout(CHECK_LIMIT.total_seconds()):
                serving = await self._client.service_client.check_health()
        except (RPCError, TimeoutError, RuntimeError):
            return Component(ok=False, detail="Temporal cannot be reached; what comes in is kept until it is back.")
        return Component(ok=serving, detail="reachable" if serving else "Temporal answers that it is not serving.")
