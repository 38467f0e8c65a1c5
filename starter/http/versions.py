"""Versions of conversations: what there is, what is worked on, what differs, and a past one again."""

import asyncio
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request, Response
from pydantic import Field

from schemas.model import Model
from schemas.operations import Note
from schemas.versions import (
    ConversationList,
    ConversationSummary,
    DifferenceReport,
    SavedWorking,
    ShownVersion,
    VersionList,
)
from starter.differences import find_differences
from starter.documents import load_document
from starter.http.actor import Actor
from starter.http.auth import keyed_router
from starter.http.problems import FieldProblem, Kind, Refusal, problem_responses
from starter.http.retry import once_more
from starter.http.surroundings import Ops
from starter.operations import Operations
from starter.versions import MOST_VERSIONS, PUBLISHED, WORKING, NoSuchVersion, SavedMeanwhile, Versions, Which

router = keyed_router("versions")

SOURCE = "body"
"""What stands for the file's name in mistakes."""
Code = Annotated[str, Path(max_length=63)]
VersionName = Annotated[str, Query(max_length=20)]
_YAML: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}
}
_UNKNOWN = problem_responses(Kind.NOT_FOUND, Kind.INVALID)


class RollingBack(Model):
    """Which version is to be published again, and why."""

    version: Annotated[int, Field(ge=1, le=MOST_VERSIONS)]
    note: Note | None = None


class RolledBack(Model):
    """What is published now."""

    conversation: str
    version: str
    number: int


@router.get("/v1/conversations", summary="List conversations")
async def list_conversations(operations: Ops) -> ConversationList:
    """Every conversation, with what is published of it and whether somebody works on it."""
    return await Versions(operations.pool).all()


@router.get("/v1/conversations/{code}", summary="Show a conversation", responses=_UNKNOWN)
async def read_conversation(code: Code, operations: Ops) -> ConversationSummary:
    """What is published of it, and whether somebody works on it."""
    try:
        return await Versions(operations.pool).conversation(code)
    except NoSuchVersion:
        raise _not_there() from None


@router.get("/v1/conversations/{code}/working", summary="Show what is worked on", responses=_UNKNOWN)
async def read_working(code: Code, response: Response, operations: Ops) -> ShownVersion:
    """The text as it was written. Its ETag goes into `If-Match` when a change of it is saved."""
    shown = await _show(operations, Which(code, working=True))
    response.headers["ETag"] = f'"{shown.content_hash}"'
    return shown


@router.put(
    "/v1/conversations/{code}/working",
    summary="Save what is worked on",
    openapi_extra=_YAML,
    responses=problem_responses(Kind.CONFLICT, Kind.INVALID),
)
async def save_working(
    code: Code,
    request: Request,
    response: Response,
    operations: Ops,
    actor: Actor,
    if_match: Annotated[str | None, Header(max_length=200)] = None,
) -> SavedWorking:
    """It reaches nobody until it is published. Only a document without mistakes is saved."""
    body = await request.body()
    document = await asyncio.to_thread(load_document, body, SOURCE)
    if document.conversation != code:
        detail = "The document is of another conversation than the address names."
        raise Refusal(Kind.INVALID, detail, errors=(FieldProblem(path="conversation", detail=detail),))
    based_on = if_match.strip().removeprefix("W/").strip('"') if if_match else None
    source = body.decode("utf-8-sig")
    try:
        saved = await once_more(lambda: Versions(operations.pool).save(source, document, actor, based_on))
    except SavedMeanwhile as error:
        raise Refusal(Kind.CONFLICT, str(error)) from None
    response.headers["ETag"] = f'"{saved.content_hash}"'
    return saved


@router.delete(
    "/v1/conversations/{code}/working", status_code=204, summary="Discard what is worked on", responses=_UNKNOWN
)
async def discard_working(code: Code, operations: Ops, actor: Actor) -> None:
    """What is published stays as it is."""
    try:
        await once_more(lambda: Versions(operations.pool).discard(code, actor))
    except NoSuchVersion:
        raise _not_there() from None


@router.get("/v1/conversations/{code}/versions", summary="List the versions of a conversation", responses=_UNKNOWN)
async def list_versions(code: Code, operations: Ops) -> VersionList:
    """The newest first: when and by whom each was published and why, and how many journeys live by it."""
    try:
        return await Versions(operations.pool).of(code)
    except NoSuchVersion:
        raise _not_there() from None


@router.get("/v1/conversations/{code}/versions/{number}", summary="Show a version", responses=_UNKNOWN)
async def read_version(
    code: Code, number: Annotated[int, Path(ge=1, le=MOST_VERSIONS)], operations: Ops
) -> ShownVersion:
    """Its text."""
    return await _show(operations, Which(code, number))


@router.get("/v1/conversations/{code}/diff", summary="Tell what differs between two versions", responses=_UNKNOWN)
async def read_diff(
    code: Code,
    operations: Ops,
    before: Annotated[VersionName, Query(alias="from")] = PUBLISHED,
    after: Annotated[VersionName, Query(alias="to")] = WORKING,
) -> DifferenceReport:
    """A sentence for each change; `lines` show texts in full."""
    try:
        first, second = Which.named(f"{code}@{before}"), Which.named(f"{code}@{after}")
        versions = Versions(operations.pool)
        old, new = await versions.document(first), await versions.document(second)
    except NoSuchVersion:
        raise _not_there() from None
    found = await asyncio.to_thread(find_differences, old, new)
    return DifferenceReport(before=str(first), after=str(second), differences=found)


@router.post(
    "/v1/conversations/{code}/rollback",
    summary="Publish a past version again",
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def roll_back(code: Code, wish: RollingBack, operations: Ops, actor: Actor) -> RolledBack:
    """Who enters from now on lives by it; journeys under way keep their version."""
    try:
        published = await once_more(lambda: Versions(operations.pool).rollback(code, wish.version, actor, wish.note))
    except NoSuchVersion:
        raise _not_there() from None
    return RolledBack(conversation=code, version=published.version_id, number=published.number)


async def _show(operations: Operations, which: Which) -> ShownVersion:
    try:
        return await Versions(operations.pool).show(which)
    except NoSuchVersion:
        raise _not_there() from None


def _not_there() -> Refusal:
    return Refusal(Kind.NOT_FOUND, "There is no such conversation, or it has no such version.")
