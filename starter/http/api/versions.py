"""Versions of conversations: what there is, what is worked on, what differs, and a past one again."""

from typing import Annotated, Any

from fastapi import Header, Path, Query, Request, Response
from pydantic import Field

from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.operations import ChangeNote, RetireChoice, Retired
from schemas.responses.versions import (
    ConversationList,
    ConversationSummary,
    DifferenceReport,
    SavedWorking,
    ShownVersion,
    VersionList,
)
from starter.comparing.differences import find_differences
from starter.documents import load_document
from starter.http.actor import Actor
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import FieldProblem, Kind, Refusal, problem_responses
from starter.runtime.one_thread import DOCUMENTS
from starter.versioning.which import MOST_VERSIONS, PUBLISHED, WORKING, Which

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
    """Which version is to be published again, and why.

    Attributes:
        tells_at_most: how many of those who wait may be told at once by its terms; must be said when any would be.
    """

    version: Annotated[int, Field(ge=1, le=MOST_VERSIONS)]
    tells_at_most: Annotated[int, Field(ge=0)] = 0
    note: ChangeNote | None = None


class Retirement(Model):
    """What becomes of the journeys under way, and why it is retired.

    Attributes:
        in_flight: must be said when somebody is under way.
    """

    in_flight: RetireChoice | None = None
    note: ChangeNote | None = None


class RolledBack(Model):
    """What is published now; `changed` is false when it was published already."""

    conversation: str
    version: str
    number: int
    changed: bool = True


@router.get("/v1/conversations", summary="List conversations", dependencies=[needs(Scope.READ)])
async def list_conversations(services: InjectedServices) -> ConversationList:
    """Every conversation, with what is published of it and whether somebody works on it."""
    return await services.versions.all()


@router.get(
    "/v1/conversations/{code}", summary="Show a conversation", dependencies=[needs(Scope.READ)], responses=_UNKNOWN
)
async def read_conversation(code: Code, services: InjectedServices) -> ConversationSummary:
    """What is published of it, and whether somebody works on it."""
    return await services.versions.conversation(code)


@router.get(
    "/v1/conversations/{code}/working",
    summary="Show what is worked on",
    dependencies=[needs(Scope.READ)],
    responses=_UNKNOWN,
)
async def read_working(code: Code, response: Response, services: InjectedServices) -> ShownVersion:
    """The text as it was written. Its ETag goes into `If-Match` when a change of it is saved."""
    shown = await services.versions.show(Which(code, working=True))
    response.headers["ETag"] = f'"{shown.content_hash}"'
    return shown


@router.put(
    "/v1/conversations/{code}/working",
    summary="Save what is worked on",
    dependencies=[needs(Scope.PUBLISH)],
    openapi_extra=_YAML,
    responses=problem_responses(Kind.CONFLICT, Kind.INVALID),
)
async def save_working(
    code: Code,
    request: Request,
    response: Response,
    services: InjectedServices,
    actor: Actor,
    if_match: Annotated[str | None, Header(max_length=200)] = None,
) -> SavedWorking:
    """It reaches nobody until it is published. Only a document without mistakes is saved."""
    body = await request.body()
    document = await DOCUMENTS.run(load_document, body, SOURCE)
    if document.conversation != code:
        detail = "The document is of another conversation than the address names."
        raise Refusal(Kind.INVALID, detail, errors=(FieldProblem(path="conversation", detail=detail),))
    based_on = if_match.strip().removeprefix("W/").strip('"') if if_match else None
    saved = await services.versions.save(body.decode("utf-8-sig"), document, actor, based_on)
    response.headers["ETag"] = f'"{saved.content_hash}"'
    return saved


@router.delete(
    "/v1/conversations/{code}/working",
    status_code=204,
    summary="Discard what is worked on",
    dependencies=[needs(Scope.PUBLISH)],
    responses=_UNKNOWN,
)
async def discard_working(code: Code, services: InjectedServices, actor: Actor) -> None:
    """What is published stays as it is."""
    await services.versions.discard(code, actor)


@router.get(
    "/v1/conversations/{code}/versions",
    summary="List the versions of a conversation",
    dependencies=[needs(Scope.READ)],
    responses=_UNKNOWN,
)
async def list_versions(code: Code, services: InjectedServices) -> VersionList:
    """The newest first: when and by whom each was published and why, and how many journeys live by it."""
    return await services.versions.of(code)


@router.get(
    "/v1/conversations/{code}/versions/{number}",
    summary="Show a version",
    dependencies=[needs(Scope.READ)],
    responses=_UNKNOWN,
)
async def read_version(
    code: Code, number: Annotated[int, Path(ge=1, le=MOST_VERSIONS)], services: InjectedServices
) -> ShownVersion:
    """Its text."""
    return await services.versions.show(Which(code, number))


@router.get(
    "/v1/conversations/{code}/diff",
    summary="Tell what differs between two versions",
    dependencies=[needs(Scope.READ)],
    responses=_UNKNOWN,
)
async def read_diff(
    code: Code,
    services: InjectedServices,
    before: Annotated[VersionName, Query(alias="from")] = PUBLISHED,
    after: Annotated[VersionName, Query(alias="to")] = WORKING,
) -> DifferenceReport:
    """A sentence for each change; `lines` show texts in full."""
    first, second = Which.named(f"{code}@{before}"), Which.named(f"{code}@{after}")
    old, new = await services.versions.document(first), await services.versions.document(second)
    found = await DOCUMENTS.run(find_differences, old, new)
    return DifferenceReport(before=str(first), after=str(second), differences=found)


@router.post(
    "/v1/conversations/{code}/retire",
    summary="Let nobody enter a conversation any more",
    dependencies=[needs(Scope.PUBLISH)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def retire(code: Code, retiring: Retirement, services: InjectedServices, actor: Actor) -> Retired:
    """Its list is free for another once nobody is in line; publishing it again brings it back."""
    shown = await services.retiring.would_retire(code)
    if shown.journeys and retiring.in_flight is None:
        raise Refusal(
            Kind.CONFLICT,
            f"Nothing was retired: {shown.journeys} journeys are under way, {shown.in_line} of them in line. Say what "
            "becomes of them, `in_flight`: `stay`, and those in line are told as before, but until the last of them "
            "has left, the list takes no other alert of their type; or `end`, and they lose their places.",
        )
    return await services.retiring.retire(code, retiring.in_flight or RetireChoice.STAY, actor, retiring.note)


@router.post(
    "/v1/conversations/{code}/rollback",
    summary="Publish a past version again",
    dependencies=[needs(Scope.PUBLISH)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def roll_back(code: Code, rolling_back: RollingBack, services: InjectedServices, actor: Actor) -> RolledBack:
    """Who enters from now on lives by it; journeys under way keep their version."""
    published = await services.versions.rollback(
        code, rolling_back.version, actor, rolling_back.note, tells_at_most=rolling_back.tells_at_most
    )
    named = str(Which(code, rolling_back.version))
    return RolledBack(conversation=code, version=named, number=rolling_back.version, changed=published is not None)
