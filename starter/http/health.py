"""Liveness and readiness: whether this process answers, and whether it can take anything in."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Response

from schemas.model import Model
from starter.http.dependencies import InjectedServices
from starter.runtime.readiness import Component

router = APIRouter(tags=["operations"])


class Liveness(Model):
    """This process answers."""

    status: Literal["alive"] = "alive"


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
async def ready(services: InjectedServices, response: Response) -> Readiness:
    """PostgreSQL is reachable and migrated."""
    postgres, temporal = await asyncio.gather(services.readiness.postgres(), services.readiness.temporal())
    if not postgres.ok:
        response.status_code = 503
    return Readiness(ready=postgres.ok, postgres=postgres, temporal=temporal)
