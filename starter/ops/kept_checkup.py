"""The last check-up, kept: it asks servers that may take seconds, and pages that show it do not wait for that."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas.settings import Settings
from starter.ops.checkup import examine
from starter.ops.findings import Checkup

FRESH = timedelta(minutes=5)
"""How old a check-up may be until pages that show it begin another."""


@dataclass(frozen=True, slots=True)
class LastCheckup:
    """A check-up, and when it was made."""

    at: datetime
    checkup: Checkup


class KeptCheckup:
    """The check-up of one installation, as this process made it last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: LastCheckup | None = None
        self._looking: asyncio.Task[LastCheckup] | None = None

    def last(self) -> LastCheckup | None:
        """The last one; None before there is any. Where it is old, another begins meanwhile."""
        if self._last is None or datetime.now(UTC) - self._last.at > FRESH:
            self._begin()
        return self._last

    async def look(self) -> LastCheckup:
        """Look now; who comes while somebody looks is told the same."""
        return await asyncio.shield(self._begin())

    async def aclose(self) -> None:
        """End what has begun."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    def _begin(self) -> asyncio.Task[LastCheckup]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return self._looking

    async def _look(self) -> LastCheckup:
        checkup = await examine(self._settings)
        self._last = LastCheckup(datetime.now(UTC), checkup)
        return self._last
