"""Versions of conversations: saving what is worked on, showing what there is, and publishing a past one again.

A working version reaches nobody until it is published; a published one never changes.
"""

import re
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError

from activities.postgres.pool import Pool, Row, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from schemas.document.conversation import ConversationDocument
from schemas.errors import DomainError, ErrorKind
from schemas.ids import VersionId
from schemas.responses.versions import (
    ConversationList,
    ConversationSummary,
    Publication,
    SavedWorking,
    ShownVersion,
    VersionList,
    VersionSummary,
    WorkingSummary,
)
from starter.documents import load_document
from starter.versioning.contents import as_yaml, content_hash, same_content
from starter.versioning.publishing import Published, publish, stored_document
from starter.versioning.step_ids import name_steps

SQL = load_queries("starter.versioning", "versions.sql")

WORKING = "working"
PUBLISHED = "published"
MOST_VERSIONS = 2**31 - 1
"""The largest number that PostgreSQL has for one."""
_NAMED = re.compile(rf"([a-z0-9][a-z0-9-]{{0,62}})(?:@([1-9]\d{{0,8}}|{WORKING}|{PUBLISHED}))?")


class NoSuchVersion(DomainError):
    """There is no such conversation or version; the text says which, and what to do."""

    code = "no_such_version"
    kind = ErrorKind.NOT_FOUND

    def __init__(self, message: str) -> None:
        super().__init__(message, public="There is no such conversation, or it has no such version.")


class SavedMeanwhile(DomainError):
    """Somebody else's working version would be written over; the text says whose, and what to do."""

    code = "saved_meanwhile"
    kind = ErrorKind.CONFLICT
    advice = "Say it with --based-on HASH."


@dataclass(frozen=True, slots=True)
class Which:
    """A version of a conversation. `number` None: the working one if `working`, else the published one."""

    code: str
    number: int | None = None
    working: bool = False

    @classmethod
    def named(cls, text: str) -> Self:
        """Read `back-in-stock`, `back-in-stock@3`, `back-in-stock@published` or `back-in-stock@working`.

        Raises:
            NoSuchVersion: nothing has such a name.
        """
        match = _NAMED.fullmatch(text)
        if match is None:
            raise NoSuchVersion(
                f"'{text}' names no version: write a conversation's code, and if need be which of its versions, "
                "like 'back-in-stock@3' or 'back-in-stock@working'."
            )
        code, which = match.groups()
        return cls(code, int(which) if which and which.isdigit() else None, which == WORKING)

    def __str__(self) -> str:
        return f"{self.code}@{WORKING if self.working else self.number or PUBLISHED}"


class Versions:
    """The versions of all conversations of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_on_deadlock
    async def save(self, source: str, document: ConversationDocument, by: str, based_on: str | None) -> SavedWorking:
        """Save what is worked on, in the place of what was.

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
            await connection.execute(SQL["name_conversation"], code, document.name)
            await connection.fetchrow(SQL["hold_conversation"], code)
            row = await connection.fetchrow(SQL["working"], code)
            published = await connection.fetchrow(SQL["version"], code, None)
            named = name_steps(document, source, stored_document(row or published))
            if row is not None and row["source"] == named.source:
                return SavedWorking(conversation=code, changed=False, **_summary(row).model_dump())
            if row is None and based_on is not None and (published is None or published["content_hash"] != based_on):
                raise SavedMeanwhile(
                    f"There is no working version of '{code}' any more, and the published one is not the one that "
                    "this is based on. Look at what differs, then save it without saying what it is based on."
                )
            _check_base(row, by, based_on)
            digest, content = content_hash(named.document), named.document.model_dump(mode="json", by_alias=True)
            saved_at = await connection.fetchval(SQL["save_working"], code, named.source, content, digest, by)
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
            await connection.fetchrow(SQL["hold_conversation"], code)
            row = await connection.fetchrow(SQL["discard_working"], code)
            if row is None:
                raise NoSuchVersion(f"'{code}' has no working version.")
            await connection.execute(SQL["forget_unpublished"], code)
            details = {"conversation": code, "saved_by": row["saved_by"]}
            await connection.execute(SQL["audit"], by, "discard working version", details)

    async def all(self) -> ConversationList:
        """Every conversation."""
        rows = await self._pool.fetch(SQL["conversations"], None)
        return ConversationList(conversations=tuple(_conversation(row) for row in rows))

    async def conversation(self, code: str) -> ConversationSummary:
        """One conversation.

        Raises:
            NoSuchVersion: as it says.
        """
        row = await self._pool.fetchrow(SQL["conversations"], code)
        if row is None:
            raise _no_conversation(code)
        return _conversation(row)

    async def of(self, code: str) -> VersionList:
        """The versions of one conversation.

        Raises:
            NoSuchVersion: there is no such conversation.
        """
        summary = await self.conversation(code)
        publications: dict[str, list[Publication]] = {}
        for row in await self._pool.fetch(SQL["publications"], code):
            one = Publication(at=row["at"], by=row["by"], note=row["note"])
            publications.setdefault(row["version_id"], []).append(one)
        rows = await self._pool.fetch(SQL["versions"], code)
        return VersionList(
            conversation=code,
            name=summary.name,
            working=summary.working,
            versions=tuple(
                VersionSummary(**dict(row), publications=tuple(publications.get(row["version"], ()))) for row in rows
            ),
        )

    async def show(self, which: Which) -> ShownVersion:
        """One version's text.

        Raises:
            NoSuchVersion: as it says.
        """
        row = await self._row(which)
        return ShownVersion(
            conversation=which.code,
            version=str(which) if which.working else row["id"],
            content_hash=row["content_hash"],
            source=row["source"] or as_yaml(row["document"]),
        )

    async def document(self, which: Which) -> ConversationDocument:
        """One version's document.

        Raises:
            NoSuchVersion: as it says.
            DocumentInvalid: this release no longer reads it.
        """
        row = await self._row(which)
        try:
            return ConversationDocument.model_validate(row["document"])
        except ValidationError:
            return load_document(as_yaml(row["document"]), str(which))

    async def working(self, code: str) -> tuple[ConversationDocument, str]:
        """What is worked on: the document, checked anew, and its text as it was written.

        Raises:
            NoSuchVersion: there is no working version.
            DocumentInvalid: it was saved by another release, and this one finds mistakes in it.
        """
        shown = await self.show(Which(code, working=True))
        return load_document(shown.source, shown.version), shown.source

    async def latest(self, code: str) -> ConversationDocument | None:
        """What is worked on, or else published; None when there is no such conversation."""
        document = await self._pool.fetchval(SQL["latest_document"], code)
        return ConversationDocument.model_validate(document) if document is not None else None

    async def rollback(self, code: str, number: int, by: str, note: str | None) -> Published:
        """Publish a past version again: no new version, but who enters from now on lives by it.

        Raises:
            NoSuchVersion: as it says.
            DocumentInvalid: today's rules find mistakes in it.
            AlertTaken, ListUnknown: as `publish` says.
        """
        version, document = await self.past(Which(code, number))
        return await publish(self._pool, document, by=by, note=note, again=version)

    async def past(self, which: Which) -> tuple[VersionId, ConversationDocument]:
        """A published version that is to be published again: its name, and its document, checked anew.

        Raises:
            NoSuchVersion: as it says.
            DocumentInvalid: today's rules find mistakes in it.
        """
        row = await self._row(which)
        document = load_document(row["source"] or as_yaml(row["document"]), row["id"])
        if not same_content(row["document"], document):
            # Another release reads the text otherwise; what was published holds.
            document = load_document(as_yaml(row["document"]), row["id"])
        return VersionId(row["id"]), document

    async def _row(self, which: Which) -> Row:
        if which.working:
            row = await self._pool.fetchrow(SQL["working"], which.code)
        else:
            row = await self._pool.fetchrow(SQL["version"], which.code, which.number)
        if row is None:
            await self.conversation(which.code)
            kind = f"version {which.number}" if which.number else f"{WORKING if which.working else PUBLISHED} version"
            raise NoSuchVersion(
                f"'{which.code}' has no {kind}. `shelftalk conversation versions {which.code}` shows what it has."
            )
        return row


def _check_base(row: Row | None, by: str, based_on: str | None) -> None:
    if row is None or based_on == row["content_hash"] or (based_on is None and row["saved_by"] == by):
        return
    raise SavedMeanwhile(
        f"There is a newer working version of '{row['conversation']}', saved by {row['saved_by']} at "
        f"{row['saved_at']:%Y-%m-%d %H:%M} UTC. Look at what differs, take over what you want to keep, and say that "
        f"yours is based on it: {row['content_hash']}"
    )


def _summary(row: Row) -> WorkingSummary:
    return WorkingSummary(content_hash=row["content_hash"], saved_at=row["saved_at"], saved_by=row["saved_by"])


def _conversation(row: Row) -> ConversationSummary:
    return ConversationSummary(
        conversation=row["conversation"],
        name=row["name"],
        published=row["published"],
        published_at=row["published_at"],
        working=_summary(row) if row["content_hash"] is not None else None,
        open_journeys=row["open_journeys"],
    )


def _no_conversation(code: str) -> NoSuchVersion:
    return NoSuchVersion(f"There is no conversation '{code}'. `shelftalk conversation list` shows those there are.")
