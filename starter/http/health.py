"""Liveness and readiness: whether this process answers, and whether it can take anything in."""

import asyncio
from datetime import timedelta
from typing import Literal

import asyncpg
from fastapi import APIRouter, Response
from temporalio.client import Client
from temporalio.service import RPCError

from activities.postgres.migrate import MigrationRefused, pending
from activities.postgres.pool import Pool
from schemas.model import Model
from starter.http.surroundings import Ops

router = APIRouter(tags=["operations"])

CHECK_LIMIT = timedelta(seconds=2)
"""A probe's own limit is often three seconds; until then it should have been told what is wrong."""


class Liveness(Model):
    """This process answers."""

    status: Literal["alive"] = "alive"


class Component(Model):
    """One component, as this process reaches it."""

    ok: bool
    detail: str


class Readiness(Model):
    """Whether webhooks and sign-ups can be taken in. Temporal is not needed for that (P4), so it only is reported."""

    ready: bool
    postgres: Component
    temporal: Component


@router.get("/livez", summary="Is this process alive?")
async def live() -> Liveness:
    """Asks nobody else."""
    return Liveness()


@router.get(
    "/readyz",
    summary="Can this process take requests?",
    responses={503: {"model": Readiness, "description": "PostgreSQL cannot be used"}},
)
async def ready(operations: Ops, response: Response) -> Readiness:
    """PostgreSQL is reachable and migrated."""
    postgres, temporal = await asyncio.gather(_postgres(operations.pool), _temporal(operations.client))
    if not postgres.ok:
        response.status_code = 503
    return Readiness(ready=postgres.ok, postgres=postgres, temporal=temporal)


async def _postgres(pool: Pool) -> Component:
    try:
        async with asyncio.timeout(CHECK_LIMIT.total_seconds()):
            missing = await pending(pool)
    except MigrationRefused as error:
        return Component(ok=False, detail=str(error))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # Its text may name hosts and accounts; this answer is open to anyone.
        return Component(ok=False, detail=f"PostgreSQL cannot be reached ({type(error).__name__}).")
    if missing:
        return Component(ok=False, detail=f"{missing} migrations are still to be applied.")
    return Component(ok=True, detail="reachable and migrated")


async def _temporal(client: Client) -> Component:
    try:
        async with asyncio.timeout(CHECK_LIMIT.total_seconds()):
            serving = await client.service_client.check_health()
    except (RPCError, TimeoutError, RuntimeError):
        return Component(ok=False, detail="Temporal cannot be reached; what comes in is kept until it is back.")
    return Component(ok=serving, detail="reachable" if serving else "Temporal answers that it is not serving.")
