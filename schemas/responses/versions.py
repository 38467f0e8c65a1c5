"""Versions of a conversation, as API and CLI show them: working, published and past ones, and their differences."""

from datetime import datetime

from schemas.ids import StoreId
from schemas.model import Model


class Publication(Model):
    """One publishing of a version; `note`: why, if somebody wrote it."""

    at: datetime
    by: str
    note: str | None = None


class VersionSummary(Model):
    """One version, which never changes.

    Attributes:
        published_at: for the first time.
        published_by: then; None where a release published it that did not write it down.
        published: it is the one that is entered now.
        open_journeys: in flight on it.
        publications: the latest 20, the oldest first.
    """

    version: str
    number: int
    content_hash: str
    published_at: datetime
    published_by: str | None = None
    published: bool
    open_journeys: int
    publications: tuple[Publication, ...] = ()


class WorkingSummary(Model):
    """The working version: it reaches nobody until it is published."""

    content_hash: str
    saved_at: datetime
    saved_by: str


class VersionList(Model):
    """The versions of one conversation, the newest first."""

    conversation: str
    name: str
    working: WorkingSummary | None = None
    versions: tuple[VersionSummary, ...] = ()


class ConversationSummary(Model):
    """One conversation; `published` names the version that is, if one is.

    Attributes:
        retired: it was published, and nobody enters it any more.
        ahead: its working version says something else than what is published.
        stores: those that its list is for; None: all.
    """

    conversation: str
    name: str
    published: str | None = None
    published_at: datetime | None = None
    paused_at: datetime | None = None
    retired: bool = False
    ahead: bool = False
    list_code: str | None = None
    list_name: str | None = None
    stores: tuple[StoreId, ...] | None = None
    working: WorkingSummary | None = None
    open_journeys: int = 0


class ConversationList(Model):
    """Every conversation there is, by its code."""

    conversations: tuple[ConversationSummary, ...]


class ShownVersion(Model):
    """One version's text.

    Attributes:
        version: like `back-in-stock@3`, or `back-in-stock@working`.
        source: YAML; as it was written, comments and all, where that was kept.
    """

    conversation: str
    version: str
    content_hash: str
    source: str


class GivenId(Model):
    """A step that was given an id, for it had none; it keeps it from now on.

    Attributes:
        path: of the step, like `threads[0].steps[2]`.
    """

    path: str
    id: str


class SavedWorking(Model):
    """What was saved.

    Attributes:
        changed: false where this very text was saved before.
        given_ids: to the steps that had none; they are in the text that was saved.
    """

    conversation: str
    content_hash: str
    saved_at: datetime
    saved_by: str
    changed: bool
    given_ids: tuple[GivenId, ...] = ()


class Difference(Model):
    """One change in a sentence; `lines` show it in full where texts differ, as `diff -u` does."""

    sentence: str
    lines: tuple[str, ...] = ()


class DifferenceReport(Model):
    """What differs in `after` against `before`. Nothing, where there are none."""

    before: str
    after: str
    differences: tuple[Difference, ...] = ()
