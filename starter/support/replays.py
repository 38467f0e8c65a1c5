"""The replay of one journey for support: its path, with what each stay was for, what was checked, and what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from activities.archive.archive import HistoryCorrupt
from activities.postgres.audit import write_look
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import JourneyId, StepId, StoreId, VersionId, journey_workflow_id
from schemas.journey.outcome import describe
from schemas.journey.path import JourneyPath, PathEntry, describe_exit
from schemas.responses.replays import Replay, ReplayedMessage, ReplayedStay
from starter.support.journeys import Journeys
from starter.support.replay import HistoryGone, Paths, ReplayFailed
from starter.support.step_checks import checks_at
from starter.support.step_places import StepPlaces
from starter.support.whereabouts import places_of
from workflows.interpreter.journey import UNTIL_REMINDER, WAITING_LIST

SQL = load_queries("starter.support", "replays.sql")

_NAMES = {WAITING_LIST: "wait in line", UNTIL_REMINDER: "rest until the reminder"}


@dataclass(frozen=True, slots=True)
class TemporalPages:
    """Where Temporal's own pages are, and the namespace of the workflows."""

    address: str | None
    namespace: str

    def of(self, journey_id: JourneyId) -> str | None:
        """The page of a journey's workflow."""
        if self.address is None:
            return None
        workflow = quote(journey_workflow_id(journey_id), safe="")
        return f"{self.address.rstrip('/')}/namespaces/{quote(self.namespace, safe='')}/workflows/{workflow}"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A message of the journey, as the ledger has it."""

    step: StepId
    round: int
    message: str
    subject: str | None
    settled_at: datetime | None
    opened_at: datetime


class Replays:
    """Replays of journeys, running and closed."""

    def __init__(self, pool: Pool, journeys: Journeys, paths: Paths, pages: TemporalPages) -> None:
        self._pool = pool
        self._journeys = journeys
        self._paths = paths
        self._pages = pages

    async def of(self, journey_id: JourneyId, by: str, stores: Sequence[StoreId] | None = None) -> Replay:
        """The replay of a journey, if it is of these stores. That its contact was looked at is on record.

        Raises:
            NoSuchJourney, ArchiveUnavailable: as they say.
        """
        journey = await self._journeys.show(journey_id, stores)
        await write_look(self._pool, by, journey.contact_id)
        path, untold = None, None
        try:
            path = await self._paths.of(journey_id, stores=stores)
        except (HistoryGone, HistoryCorrupt, ReplayFailed) as error:
            untold = error.public
        places = await places_of(self._pool, [VersionId(journey.version), *(_versions(path) if path else ())])
        title: str | None = await SQL.title.value(self._pool, store_id=journey.store_id, product_id=journey.product_id)
        return Replay(
            journey=journey,
            product_title=title,
            conversation_name=places[VersionId(journey.version)].name or journey.conversation,
            untold=untold,
            path=path,
            stays=tuple(await self._stays(journey_id, path, places)) if path else (),
            temporal=self._pages.of(journey_id),
            read_at=datetime.now(UTC),
        )

    async def _stays(
        self, journey_id: JourneyId, path: JourneyPath, places: Mapping[VersionId, StepPlaces]
    ) -> list[ReplayedStay]:
        ledger = await SQL.messages.rows(self._pool, LedgerRow, journey_id=journey_id)
        versions = _versions(path)
        return [
            _stay(entry, version, places.get(version, StepPlaces(None)), ledger)
            for entry, version in zip(path.entries, versions, strict=True)
        ]


def _versions(path: JourneyPath) -> list[VersionId]:
    """The version of each stay. The path names the last; of one before a move, the one moved to before it is taken, and
    where there is none, the last.
    """
    found: list[VersionId] = []
    now = VersionId(path.version)
    for entry in path.entries:
        found.append(now if entry.moved_to is None else entry.moved_to)
        now = entry.moved_to or now
    return found


def _stay(entry: PathEntry, version: VersionId, places: StepPlaces, ledger: Sequence[LedgerRow]) -> ReplayedStay:
    place = places.of(entry.step)
    return ReplayedStay(
        entry=entry,
        name=place.said if place else _NAMES.get(entry.step, entry.step),
        thread=place.thread if place else None,
        left_because=describe_exit(entry),
        found=describe(entry.outcome) if entry.outcome is not None else None,
        checks=checks_at(entry, place),
        message=_message(entry, version, ledger),
    )


def _message(entry: PathEntry, version: VersionId, ledger: Sequence[LedgerRow]) -> ReplayedMessage | None:
    """The row of the ledger that a stay at a message is about: of its step, settled or begun while the stay lasted."""
    if entry.message is None:
        return None
    of_step = [row for row in ledger if row.step == entry.step]
    own = [row for row in of_step if entry.left_at is None or row.opened_at <= entry.left_at]
    row = own[-1] if own else None
    return ReplayedMessage(
        message=entry.message, round=row.round if row else 0, subject=row.subject if row else None, version=version
    )
