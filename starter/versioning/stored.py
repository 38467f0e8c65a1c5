"""The rows that the queries of versions.py return."""

from dataclasses import dataclass
from datetime import datetime

from schemas.ids import VersionId
from schemas.responses.versions import ConversationSummary, WorkingSummary


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


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation, with what is known of its working version, if it has one."""

    conversation: str
    name: str
    published: VersionId | None
    published_at: datetime | None
    content_hash: str | None
    saved_at: datetime | None
    saved_by: str | None
    open_journeys: int

    @property
    def summary(self) -> ConversationSummary:
        working = None
        if self.content_hash is not None and self.saved_at is not None and self.saved_by is not None:
            working = WorkingSummary(content_hash=self.content_hash, saved_at=self.saved_at, saved_by=self.saved_by)
        return ConversationSummary(
            conversation=self.conversation,
            name=self.name,
            published=self.published,
            published_at=self.published_at,
            working=working,
            open_journeys=self.open_journeys,
        )


@dataclass(frozen=True, slots=True)
class PublicationOf:
    """One publishing of a version."""

    version_id: VersionId
    at: datetime
    by: str
    note: str | None
