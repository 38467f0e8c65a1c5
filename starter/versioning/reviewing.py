"""Looking at a working version before it is published, and publishing exactly what was looked at."""

from dataclasses import dataclass

from activities.postgres.pool import Pool
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind, FieldError
from schemas.responses.operations import InFlight
from schemas.responses.versions import WorkingSummary
from starter.rehearsing.expecting import ScenariosFail
from starter.runtime.one_thread import DOCUMENTS
from starter.versioning.bulk import Decision
from starter.versioning.publishing import Published, Publishing, lapse_notes
from starter.versioning.versions import Versions
from starter.versioning.which import NoSuchVersion


class ChangedSinceSeen(DomainError):
    """What is to be published, or what is published, is another than was looked at; nothing was published."""

    code = "changed_since_seen"
    kind = ErrorKind.CONFLICT
    advice = "Look again, and decide anew."

    def __init__(self, conversation: str) -> None:
        super().__init__(
            f"'{conversation}' was saved or published by somebody since you looked. Nothing was published: look again."
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody looked at before they decided.

    Attributes:
        working: the content hash of the working version.
        published: the id of the version that was published; None: none was.
        tells_at_most: how many people may be told at once, because of the new terms.
        despite_scenarios: also where its own scenarios go otherwise than they expect.
    """

    working: str
    published: str | None
    tells_at_most: int = 0
    despite_scenarios: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """A working version as it would be published now.

    Attributes:
        published: the id of the version that is published; None: none is.
        refused: why it would be refused; None: it would not.
        warnings: where nobody could enter, and what is not sent because its offer has lapsed by then.
        failing: the expectations of its scenarios that are not met.
        in_flight: who is under way, and what each choice would do to them.
    """

    document: ConversationDocument
    working: WorkingSummary
    published: str | None
    refused: str | None
    warnings: tuple[str, ...]
    failing: tuple[FieldError, ...]
    in_flight: InFlight


class Reviewing:
    """Reviews over one database."""

    def __init__(self, pool: Pool, public_url: str | None = None) -> None:
        self._publishing = Publishing(pool, public_url)
        self._versions = Versions(pool, public_url)

    async def look(self, conversation: str) -> Review:
        """What publishing the working version would do. Changes nothing.

        Raises:
            NoSuchVersion: there is no working version.
            DocumentInvalid, Busy: as `Versions.working` says.
        """
        summary = await self._versions.conversation(conversation)
        document, _ = await self._versions.working(conversation)
        if summary.working is None:
            raise NoSuchVersion(f"'{conversation}' has no working version.")
        tried = await self._publishing.try_out(document)
        failing: tuple[FieldError, ...] = ()
        try:
            await self._publishing.hold_to_scenarios(document)
        except ScenariosFail as error:
            failing = tuple(error.fields)
        return Review(
            document=document,
            working=summary.working,
            published=summary.published,
            refused=tried.refused,
            warnings=(*tried.warnings, *await DOCUMENTS.run(lapse_notes, document)),
            failing=failing,
            in_flight=await self._publishing.in_flight(document),
        )

    async def publish(self, conversation: str, seen: Seen, decision: Decision) -> Published:
        """Publish the working version, if it is still the one that was seen.

        Raises:
            ChangedSinceSeen, MoreToldThanSeen: as they say; nothing was published.
            NoPublicAddress, ScenariosFail, Busy, AlertTaken, ListUnknown: as `Publishing.publish` says.
        """
        summary = await self._versions.conversation(conversation)
        if summary.working is None or (summary.working.content_hash, summary.published) != (
            seen.working,
            seen.published,
        ):
            raise ChangedSinceSeen(conversation)
        document, source = await self._versions.working(conversation)
        # What was saved between the two looks is not what is published.
        again = await self._versions.conversation(conversation)
        if again.working is None or again.working.content_hash != seen.working:
            raise ChangedSinceSeen(conversation)
        return await self._publishing.publish(
            document,
            decision,
            by=decision.by,
            source=source,
            despite_scenarios=seen.despite_scenarios,
            tells_at_most=seen.tells_at_most,
        )
