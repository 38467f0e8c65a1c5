"""An archive in memory, for the rehearsal and for tests: it keeps what it is given, and is away when told to be."""

from activities.archive.archive import ArchiveUnavailable, SealedHistory
from schemas.ids import JourneyId


class SimulatedArchive:
    """Keeps histories for as long as the process runs."""

    def __init__(self) -> None:
        self._contents: dict[JourneyId, bytes] = {}
        self._away = False

    @property
    def name(self) -> str:
        return "simulated"

    def go_away(self) -> None:
        """Answer nobody from now on."""
        self._away = True

    def come_back(self) -> None:
        self._away = False

    async def put(self, history: SealedHistory) -> None:
        self._answer()
        self._contents[history.journey_id] = history.content

    async def get(self, journey_id: JourneyId) -> bytes | None:
        self._answer()
        return self._contents.get(journey_id)

    def _answer(self) -> None:
        if self._away:
            raise ArchiveUnavailable("The simulated archive was told to be away.")
