"""Publishing a conversation: an immutable version, known by the hash of its content, and what becomes live with it."""

from dataclasses import dataclass, replace

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.rendering.compile import compile_messages
from schemas.document.conversation import ConversationDocument
from schemas.ids import VersionId
from schemas.journey.program import Program
from schemas.responses.operations import InFlight
from schemas.responses.versions import GivenId
from starter.rehearsing.expecting import hold_to_scenarios
from starter.runtime.one_thread import DOCUMENTS
from starter.versioning.bulk import Decision, begin, hold_unfinished
from starter.versioning.contents import content_hash, readable_document, same_content
from starter.versioning.entering_checks import entering_warnings
from starter.versioning.in_flight import in_flight
from starter.versioning.lines import (
    hold_to_agreed,
    locations_before,
    relocate,
    take_in_terms,
    told_by_publishing,
    waited_for,
)
from starter.versioning.live_settings import lock_publishing, write_live_settings
from starter.versioning.public_address import require_public_address
from starter.versioning.step_ids import NamedSteps, name_steps
from starter.versioning.trying_out import TriedOut, try_out
from starter.versioning.unfed_checks import unfed_warnings
from workflows.compiler.compile import compile_criteria, compile_document
from workflows.compiler.control_flow import Flow
from workflows.compiler.diagnostics import format_path
from workflows.compiler.lapse_lint import find_lapse_warnings

SQL = load_queries("starter.versioning", "publishing.sql")

UNNAMED = "unknown"
"""Who published, where nobody said."""


@dataclass(frozen=True, slots=True)
class VersionNumber:
    """A version that exists."""

    id: VersionId
    number: int


@dataclass(frozen=True, slots=True)
class VersionContent:
    """A version with its document as it is stored; perhaps in a form that this release cannot read."""

    id: VersionId
    number: int
    document: object


@dataclass(frozen=True, slots=True)
class Published:
    """A published version; `new` is false when this very content was published before."""

    version_id: VersionId
    conversation: str
    number: int
    new: bool
    operation: int | None = None
    """The operation that carries out the decision about journeys under way; None where they stay."""
    given_ids: tuple[GivenId, ...] = ()
    """The ids given to steps of a new version that had none."""
    warnings: tuple[str, ...] = ()
    """What is not sent because its offer has lapsed by then; where nobody can enter, as the installation is now."""


@dataclass(frozen=True, slots=True)
class _Publication:
    """What is to be published; see `publish`."""

    document: ConversationDocument
    decision: Decision | None
    by: str
    note: str | None
    source: str | None
    again: VersionId | None


class Publishing:
    """Publishing into one database.

    Args:
        public_url: where shoppers reach the installation; None: nowhere.
    """

    def __init__(self, pool: Pool, public_url: str | None = None) -> None:
        self._pool = pool
        self._public_url = public_url

    async def publish(
        self,
        document: ConversationDocument,
        decision: Decision | None = None,
        *,
        by: str | None = None,
        source: str | None = None,
        again: VersionId | None = None,
        despite_scenarios: bool = False,
        tells_at_most: int | None = None,
    ) -> Published:
        """Publish a document, see `publish`; without a decision journeys under way stay on their version.

        Args:
            tells_at_most: how many of those who wait may be told at once because of its terms; None: any number.
            despite_scenarios: also where a scenario of its own goes otherwise than it expects. A past version that is
                published again is not held to them.

        Raises:
            NoPublicAddress, ScenariosFail, Busy, MoreToldThanSeen: as they say.
        """
        require_public_address(document, self._public_url)
        await hold_to_agreed(self._pool, document, tells_at_most)
        if again is None and not despite_scenarios:
            await self.hold_to_scenarios(document)
        lapsed = await DOCUMENTS.run(lapse_notes, document)
        published = await publish(self._pool, document, decision, by=by, source=source, again=again)
        return replace(published, warnings=(*lapsed, *published.warnings))

    async def hold_to_scenarios(self, document: ConversationDocument) -> None:
        """Rehearse the document's own scenarios, in the thread for long work.

        Raises:
            ScenariosFail: one of them goes otherwise than it expects.
            Busy: too much long work waits already.
        """
        await DOCUMENTS.run(hold_to_scenarios, document)

    async def try_out(self, document: ConversationDocument) -> TriedOut:
        """What publishing the document would meet in this installation. Changes nothing."""
        return await try_out(self._pool, document, self._public_url)

    async def in_flight(self, document: ConversationDocument) -> InFlight:
        """The journeys under way on other versions than this document's, and what publishing it would do to them, and
        to all who wait in line."""
        return await in_flight(
            self._pool,
            document.conversation,
            await program_of(self._pool, document),
            told_now=await told_by_publishing(self._pool, document),
        )

    async def anything_published(self) -> bool:
        """Whether any conversation is published."""
        return bool(await SQL.anything_published.value(self._pool))

    async def anything_was_published(self) -> bool:
        """Whether any conversation is or ever was."""
        return bool(await SQL.anything_was_published.value(self._pool))


def lapse_notes(document: ConversationDocument) -> tuple[str, ...]:
    """What of a document is not sent because its offer has lapsed by then, as `check` notes it."""
    found = find_lapse_warnings(document, Flow(document))
    return tuple(f"{format_path(each.path)}: {each.message}. {each.advice}." for each in found)


async def publish(
    pool: Pool,
    document: ConversationDocument,
    decision: Decision | None = None,
    *,
    by: str | None = None,
    note: str | None = None,
    source: str | None = None,
    again: VersionId | None = None,
) -> Published:
    """Publish a document: journeys that begin from now on run this version, those under way keep theirs unless
    `decision` says otherwise. A working version of the same content is deleted. Steps without an id are given one, or
    keep the one that they had in the version published before.

    Args:
        by, note: who and why, for the list of versions; the decision's when left out.
        source: the document as it was written, comments and all; kept with a new version.
        again: the past version that this document is; found by its content when left out.

    Raises:
        AlertTaken: the list has an alert of this type already, or another conversation one of this code.
        ListUnknown: a step adds to a list that neither the database nor the document knows.
        SignUpsMeanTwoLists: another list of one of its stores takes sign-ups already.
    """
    by = by or (decision.by if decision else UNNAMED)
    note = note or (decision.note if decision else None)
    # Before, so that nobody who signs up waits while every contact is looked at.
    unfed = await unfed_warnings(pool, document)
    published = await _write(pool, _Publication(document, decision, by, note, source, again))
    for product in await waited_for(pool, document):
        await take_in_terms(pool, product)
    return replace(published, warnings=(*published.warnings, *unfed))


@retry_on_deadlock
async def _write(pool: Pool, publication: _Publication) -> Published:
    code, decision = publication.document.conversation, publication.decision
    async with transaction(pool) as connection:
        await lock_publishing(connection)
        if decision is not None:
            await hold_unfinished(connection, code)
        await SQL.name_conversation.run(connection, conversation=code, name=publication.document.name)
        named = await _named(connection, publication.document, publication.source)
        document = named.document
        version = await _find_version(connection, document, publication.again)
        new = version is None
        if version is None:
            version = await _add_version(connection, named, publication.by)
        before = await locations_before(connection, document)
        await write_live_settings(connection, document)
        warnings = await entering_warnings(connection, document)
        await relocate(connection, document, before)
        await SQL.publish.run(connection, conversation=code, version=version.id)
        await SQL.record_publication.run(
            connection, conversation=code, version=version.id, by=publication.by, note=publication.note
        )
        await SQL.clear_working.run(connection, conversation=code, content_hash=content_hash(document))
        # Who published is on record either way; `begin` has what becomes of those under way too.
        if decision is None:
            details = {"conversation": code, "version": version.id, "note": publication.note}
            await write_audit(connection, publication.by, "publish conversation", details)
        operation = await begin(connection, code, version.id, decision) if decision else None
    return Published(version.id, code, version.number, new, operation, named.given if new else (), warnings)


async def _add_version(connection: Connection, named: NamedSteps, by: str) -> VersionNumber:
    document = named.document
    version = await _next_version(connection, document.conversation)
    await SQL.add_version.run(
        connection,
        id=version.id,
        conversation=document.conversation,
        number=version.number,
        content_hash=content_hash(document),
        document=document.model_dump(mode="json", by_alias=True),
        program=compile_document(document, version.id).model_dump(mode="json"),
        criteria=compile_criteria(document).model_dump(mode="json"),
        messages={code: each.model_dump(mode="json") for code, each in compile_messages(document.messages).items()},
        source=named.source,
        published_by=by,
    )
    return version


async def _next_version(connection: Connection, conversation: str) -> VersionNumber:
    number: int = await SQL.next_number.value(connection, conversation=conversation)
    return VersionNumber(VersionId(f"{conversation}@{number}"), number)


async def program_of(pool: Pool, document: ConversationDocument) -> Program:
    """The program that journeys would run if this document were published, under the id that the version would have."""
    async with transaction(pool) as connection:
        document = (await _named(connection, document, None)).document
        version = await _find_version(connection, document, None)
        if version is None:
            version = await _next_version(connection, document.conversation)
    return compile_document(document, version.id)


async def with_kept_ids(pool: Pool, document: ConversationDocument) -> ConversationDocument:
    """The document with the ids that its steps would have if it were published."""
    async with transaction(pool) as connection:
        return (await _named(connection, document, None)).document


async def _named(connection: Connection, document: ConversationDocument, source: str | None) -> NamedSteps:
    published: object = await SQL.published_document.value(connection, conversation=document.conversation)
    return name_steps(document, source, readable_document(published))


async def _find_version(
    connection: Connection, document: ConversationDocument, again: VersionId | None
) -> VersionNumber | None:
    """The version that has this content already."""
    if again is not None:
        return await SQL.version_named.row(connection, VersionNumber, id=again)
    code = document.conversation
    found = await SQL.find_version.row(
        connection, VersionNumber, conversation=code, content_hash=content_hash(document)
    )
    if found is not None:
        return found
    # Versions of the first releases were hashed with every default written out, as those releases had them.
    for each in await SQL.versions_of_first_releases.rows(connection, VersionContent, conversation=code):
        if same_content(each.document, document):
            return VersionNumber(each.id, each.number)
    return None
