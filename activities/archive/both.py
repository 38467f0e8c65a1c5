"""Two archives as one: for an installation that changed its archive and still has histories in the former one."""

from activities.archive.archive import Archive, SealedHistory
from schemas.ids import JourneyId


class BothArchives:
    """Puts into the archive in use, and reads from the former one what that does not have."""

    def __init__(self, in_use: Archive, former: Archive) -> None:
        self._in_use = in_use
        self._former = former

    @property
    def name(self) -> str:
        return self._in_use.name

    async def put(self, history: SealedHistory) -> None:
        await self._in_use.put(history)

    async def get(self, journey_id: JourneyId) -> bytes | None:
        content = await self._in_use.get(journey_id)
        return content if content is not None else await self._former.get(journey_id)
