"""Publishing while people are under way: who they are, what is to become of them, and how far that has come."""

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import Path, Query, Response
from pydantic import Field, model_validator

from schemas.document.conversation import ConversationDocument
from schemas.ids import VersionId
from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.operations import ChangeNote, Choice, InFlight, OperationReport, OperationReports
from schemas.responses.versions import GivenId
from starter.documents import load_document
from starter.http.actor import Actor
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import FieldProblem, Kind, Refusal, problem_responses
from starter.runtime.one_thread import DOCUMENTS
from starter.services import Services
from starter.versioning.bulk import Decision
from starter.versioning.which import WORKING, Which

router = keyed_router("publishing")

SOURCE = "$.document"
"""What stands for the file's name in mistakes."""
Code = Annotated[str, Path(max_length=63)]
VersionName = Annotated[str, Field(max_length=80)]
Number = Annotated[int, Path(ge=1, lt=2**63)]


class Publishing(Model):
    """What is published, and what becomes of those under way on other versions.

    Attributes:
        version: a number, `working` or `published`.
        document: the YAML itself, in the place of a version.
        in_flight: must be said when somebody is.
        tells_at_most: how many of those who wait may be told at once because of the new terms; must be said when any
            would be.
        despite_scenarios: also where its own scenarios do not go as they expect.
        note: why.
    """

    version: VersionName | None = None
    document: str | None = None
    in_flight: Choice | None = None
    tells_at_most: Annotated[int, Field(ge=0)] = 0
    despite_scenarios: bool = False
    note: ChangeNote | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.version is not None and self.document is not None:
            raise ValueError("say which version, or send a document, not both")
        return self


class Decided(Model):
    """What was published, and the operation that carries out what was decided; none where they stay.

    Attributes:
        warnings: what is not sent, for its offer has lapsed by then; where nobody can enter, as things are now.
    """

    conversation: str
    version: str
    number: int
    new: bool
    in_flight: Choice | None
    operation: int | None
    given_ids: tuple[GivenId, ...] = ()
    warnings: tuple[str, ...] = ()


@router.get(
    "/v1/conversations/{code}/in-flight",
    summary="Count who is under way",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def count_under_way(
    code: Code, services: InjectedServices, version: Annotated[str, Query(max_length=80)] = WORKING
) -> InFlight:
    """Journeys on other versions than this one, by version and place, and what each choice would do to them."""
    return await services.publishing.in_flight((await _named(services, code, version)).document)


@router.post(
    "/v1/conversations/{code}/publish",
    status_code=201,
    summary="Publish a version, and say what becomes of those under way",
    dependencies=[needs(Scope.PUBLISH)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID)
    | {200: {"model": Decided, "description": "A version with this content was there already"}},
)
async def publish_version(
    code: Code, publishing: Publishing, response: Response, services: InjectedServices, actor: Actor
) -> Decided:
    """The working version, unless another is named or sent. Published and decided at once, or not at all."""
    chosen = await _choose(services, code, publishing)
    shown = await services.publishing.in_flight(chosen.document)
    if shown.journeys and publishing.in_flight is None:
        raise Refusal(
            Kind.CONFLICT,
            f"Nothing was published: there are journeys under way on another version ({shown.journeys}). Say what "
            f"becomes of them, `in_flight`: `stay`; `move` ({shown.moves_now} where they stand, {shown.moves_later} "
            f"at a later rest, if they come to one); or `end` ({shown.in_line} places in line are given up).",
        )
    decision = Decision(publishing.in_flight or Choice.STAY, actor, publishing.note)
    published = await services.publishing.publish(
        chosen.document,
        decision,
        source=chosen.source,
        again=chosen.again,
        despite_scenarios=publishing.despite_scenarios,
        tells_at_most=publishing.tells_at_most,
    )
    if not published.new:
        response.status_code = 200
    return Decided(
        conversation=published.conversation,
        version=published.version_id,
        number=published.number,
        new=published.new,
        in_flight=publishing.in_flight,
        operation=published.operation,
        given_ids=published.given_ids,
        warnings=published.warnings,
    )


@router.get("/v1/operations", summary="List operations on many journeys", dependencies=[needs(Scope.READ)])
async def read_operations(services: InjectedServices) -> OperationReports:
    """The latest 100, newest first."""
    return await services.bulk_operations.latest()


@router.get(
    "/v1/operations/{operation}",
    summary="Show how far an operation has come",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def read_operation(operation: Number, services: InjectedServices) -> OperationReport:
    """How many were asked, have moved or ended, and are left over."""
    return await services.bulk_operations.show(operation)


@router.post(
    "/v1/operations/{operation}/cancel",
    summary="Cancel an operation",
    dependencies=[needs(Scope.PUBLISH)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def cancel_operation(operation: Number, services: InjectedServices, actor: Actor) -> OperationReport:
    """Whoever was not asked yet goes on as before."""
    return await services.bulk_operations.cancel(operation, actor)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to be published: the text it is read from, or the past version that it is."""

    document: ConversationDocument
    source: str | None = None
    again: VersionId | None = None


async def _choose(services: Services, code: str, publishing: Publishing) -> _Chosen:
    """What the request names, checked by today's rules."""
    if publishing.document is not None:
        document = await DOCUMENTS.run(load_document, publishing.document, SOURCE)
        if document.conversation != code:
            detail = "The document is of another conversation than the address names."
            raise Refusal(Kind.INVALID, detail, errors=(FieldProblem(path="$.document", detail=detail),))
        return _Chosen(document, source=publishing.document)
    return await _named(services, code, publishing.version or WORKING)


async def _named(services: Services, code: str, version: str) -> _Chosen:
    which = Which.named(f"{code}@{version.removeprefix(f'{code}@')}")
    if which.working:
        document, source = await services.versions.working(code)
        return _Chosen(document, source=source)
    past, document = await services.versions.past(which)
    return _Chosen(document, again=past)
