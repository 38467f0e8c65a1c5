"""Versions of conversations: saving the working one, showing what there is, and publishing a past one again.

A working version reaches nobody until it is published; a published one never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from activities.postgres.audit import write_audit
from activities.postgres.pool import Pool, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId, VersionId
from schemas.responses.versions import (
    ConversationList,
    ConversationSummary,
    SavedWorking,
    ShownVersion,
    VersionList,
    VersionSummary,
    WorkingSummary,
)
from starter.documents import load_document
from starter.runtime.one_thread import DOCUMENTS
from starter.versioning.contents import as_yaml, content_hash, readable_document, same_content
from starter.versioning.lines import hold_to_agreed
from starter.versioning.public_address import require_public_address
from starter.versioning.publishing import Published, publish
from starter.versioning.revisions import keep_revision
from starter.versioning.step_ids import name_steps
from starter.versioning.which import PUBLISHED, WORKING, NoSuchVersion, Which

SQL = load_queries("starter.versioning", "versions.sql")


class SavedMeanwhile(DomainError):
    """Somebody else's working version would be written over; the text says whose, and what to do."""

    code = "saved_meanwhile"
    kind = ErrorKind.CONFLICT
    advice = "Say it with --based-on HASH."


@dataclass(frozen=True, slots=True)
class LatestVersion:
    """What was written last: the working version, or the published one of this number."""

    working: bool
    number: int | None
    document: object


@dataclass(frozen=True, slots=True)
class WorkingVersion:
    """A working version: its text, and the same as JSON."""

    source: str
    document: object
    content_hash: str
    saved_at: datetime
    saved_by: str

    @property
    def summary(self) -> WorkingSummary:
        return WorkingSummary(content_hash=self.content_hash, saved_at=self.saved_at, saved_by=self.saved_by)


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A published version; its text is None where it was not kept."""

    id: VersionId
    source: str | None
    document: object
    content_hash: str


class Versions:
    """The versions of all conversations of one database."""

    def __init__(self, pool: Pool, public_url: str | None = None) -> None:
        self._pool = pool
        self._public_url = public_url

    @retry_on_deadlock
    async def save(self, source: str, document: ConversationDocument, by: str, based_on: str | None) -> SavedWorking:
        """Save a working version in place of the one before.

        Args:
            source: the text that `document` was read from; kept as it is, but for ids of steps that have none.
            by: who saves.
            based_on: the content hash of the version that the change was made to: the working one, or where there is
                none the published one.

        Raises:
            SavedMeanwhile: there is a newer working version of somebody else, or not the one of `based_on`.
        """
        code = document.conversation
        async with transaction(self._pool) as connection:
            await SQL.name_conversation.run(connection, conversation=code, name=document.name)
            await SQL.hold_conversation.run(connection, conversation=code)
            saved = await SQL.working.row(connection, WorkingVersion, conversation=code)
            published = await SQL.version.row(connection, PublishedVersion, conversation=code, number=None)
            before = saved or published
            named = name_steps(document, source, None if before is None else readable_document(before.document))
            if saved is not None and saved.source == named.source:
                return SavedWorking(conversation=code, changed=False, **saved.summary.model_dump())
            if saved is None and based_on is not None and (published is None or published.content_hash != based_on):
                raise SavedMeanwhile(
                    f"There is no working version of '{code}' any more, and the published one is not the one that "
                    "this is based on. Look at what differs, then save it without saying what it is based on."
                )
            _check_base(saved, code, by, based_on)
            digest = content_hash(named.document)
            saved_at: datetime = await SQL.save_working.value(
                connection,
                conversation=code,
                source=named.source,
                document=named.document.model_dump(mode="json", by_alias=True),
                content_hash=digest,
                saved_by=by,
            )
            await keep_revision(connection, code)
            await write_audit(connection, by, "save working version", {"conversation": code, "content_hash": digest})
        return SavedWorking(
            conversation=code,
            content_hash=digest,
            saved_at=saved_at,
            saved_by=by,
            changed=True,
            given_ids=named.given,
        )

    @retry_on_deadlock
    async def discard(self, code: str, by: str) -> None:
        """Throw the working version away; a conversation that was never published goes with it. The audit has who.

        Raises:
            NoSuchVersion: there is none.
        """
        async with transaction(self._pool) as connection:
            await SQL.hold_conversation.run(connection, conversation=code)
            saved_by: str | None = await SQL.discard_working.value(connection, conversation=code)
            if saved_by is None:
                raise NoSuchVersion(f"'{code}' has no working version.")
            await SQL.forget_unpublished.run(connection, conversation=code)
            details = {"conversation": code, "saved_by": saved_by}
            await write_audit(connection, by, "discard working version", details)

    async def all(self, stores: Sequence[StoreId] | None = None) -> ConversationList:
        """Every conversation; of those under way are counted who are of these stores. None: of all."""
        found = await SQL.conversations.rows(self._pool, ConversationSummary, conversation=None, stores=stores)
        return ConversationList(conversations=tuple(found))

    async def conversation(self, code: str, stores: Sequence[StoreId] | None = None) -> ConversationSummary:
        """One conversation; of those under way are counted who are of these stores. None: of all.

        Raises:
            NoSuchVersion: there is no such conversation.
        """
        found = await SQL.conversations.row(self._pool, ConversationSummary, conversation=code, stores=stores)
        if found is None:
            raise NoSuchVersion(
                f"There is no conversation '{code}'. `shelftalk conversation list` shows those there are."
            )
        return found

    async def of(self, code: str, stores: Sequence[StoreId] | None = None) -> VersionList:
        """The versions of one conversation; of those under way are counted who are of these stores. None: of all.

        Raises:
            NoSuchVersion: there is no such conversation.
        """
        summary = await self.conversation(code)
        versions = await SQL.versions.rows(self._pool, VersionSummary, conversation=code, stores=stores)
        return VersionList(conversation=code, name=summary.name, working=summary.working, versions=tuple(versions))

    async def show(self, which: Which) -> ShownVersion:
        """One version's text.

        Raises:
            NoSuchVersion: there is no such version.
        """
        found = await self._find(which)
        return ShownVersion(
            conversation=which.code,
            version=found.id if isinstance(found, PublishedVersion) else str(which),
            content_hash=found.content_hash,
            source=found.source or as_yaml(found.document),
        )

    async def document(self, which: Which) -> ConversationDocument:
        """One version's document.

        Raises:
            NoSuchVersion: there is no such version.
            DocumentInvalid: this release no longer reads it.
        """
        found = await self._find(which)
        try:
            return ConversationDocument.model_validate(found.document)
        except ValidationError:
            return await DOCUMENTS.run(load_document, as_yaml(found.document), str(which))

    async def working(self, code: str) -> tuple[ConversationDocument, str]:
        """The working version: its document, checked again, and its text as it was written.

        Raises:
            NoSuchVersion: there is no working version.
            DocumentInvalid: another release saved it, and this one finds mistakes in it.
        """
        shown = await self.show(Which(code, working=True))
        return await DOCUMENTS.run(load_document, shown.source, shown.version), shown.source

    async def latest(self, code: str) -> tuple[Which, ConversationDocument] | None:
        """The working version, or else the published one; None when there is no such conversation."""
        found = await SQL.latest.row(self._pool, LatestVersion, conversation=code)
        if found is None:
            return None
        return Which(code, found.number, working=found.working), ConversationDocument.model_validate(found.document)

    async def rollback(
        self, code: str, number: int, by: str, note: str | None, *, tells_at_most: int | None = None
    ) -> Published | None:
        """Publish a past version again: no new version is made, but journeys that begin from now on run it.

        Returns None where it is the published version already: then nothing has changed.

        Raises:
            NoSuchVersion: there is no such version.
            DocumentInvalid: today's rules find mistakes in it.
            AlertTaken, ListUnknown: as `publish` says.
            NoPublicAddress, MoreToldThanSeen: as they say.
        """
        summary = await self.conversation(code)
        if summary.published == str(Which(code, number)):
            return None
        version, document = await self.past(Which(code, number))
        require_public_address(document, self._public_url)
        await hold_to_agreed(self._pool, document, tells_at_most)
        return await publish(self._pool, document, by=by, note=note, again=version)

    async def past(self, which: Which) -> tuple[VersionId, ConversationDocument]:
        """A published version that is to be published again: its id, and its document, checked again.

        Raises:
            NoSuchVersion: there is no such version.
            DocumentInvalid: today's rules find mistakes in it.
        """
        found = await self._published(which)
        document = await DOCUMENTS.run(load_document, found.source or as_yaml(found.document), found.id)
        if not same_content(found.document, document):
            # This release reads the text differently from the one that published it; what was published holds.
            document = await DOCUMENTS.run(load_document, as_yaml(found.document), found.id)
        return found.id, document

    async def _find(self, which: Which) -> WorkingVersion | PublishedVersion:
        if not which.working:
            return await self._published(which)
        found = await SQL.working.row(self._pool, WorkingVersion, conversation=which.code)
        if found is None:
            raise await self._missing(which, f"{WORKING} version")
        return found

    async def _published(self, which: Which) -> PublishedVersion:
        found = await SQL.version.row(self._pool, PublishedVersion, conversation=which.code, number=which.number)
        if found is None:
            kind = f"version {which.number}" if which.number else f"{PUBLISHED} version"
            raise await self._missing(which, kind)
        return found

    async def _missing(self, which: Which, kind: str) -> NoSuchVersion:
        await self.conversation(which.code)
        return NoSuchVersion(
            f"'{which.code}' has no {kind}. `shelftalk conversation versions {which.code}` shows what it has."
        )


def _check_base(saved: WorkingVersion | None, code: str, by: str, based_on: str | None) -> None:
    """Refuse to write over a working version that the new one is not based on.

    Raises:
        SavedMeanwhile: there is one, of somebody else or not of `based_on`.
    """
    if saved is None or based_on == saved.content_hash or (based_on is None and saved.saved_by == by):
        return
    raise SavedMeanwhile(
        f"There is a newer working version of '{code}', saved by {saved.saved_by} at "
        f"{saved.saved_at:%Y-%m-%d %H:%M} UTC. Look at what differs, take over what you want to keep, and say that "
        f"yours is based on it: {saved.content_hash}"
    )
