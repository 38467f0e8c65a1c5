"""Conversations: have a document checked, and publish it. The body is the YAML itself."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.versions import GivenId
from starter.authoring.schema import conversation_schema
from starter.documents import CheckReport, InstallationReport, check, load_document
from starter.http.actor import Actor
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import FieldProblem, Kind, Refusal, problem_responses
from starter.rehearsing.entrance import usual_scenario
from starter.rehearsing.run import RunTester
from starter.rehearsing.tell import RehearsalReport
from starter.runtime.one_thread import DOCUMENTS

router = keyed_router("conversations")

SOURCE = "body"
"""What stands for the file's name in mistakes."""

_YAML: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}
}


class PublishedReport(Model):
    """The version that new journeys run from now on; `new` is false when this very content was published before.

    Attributes:
        given_ids: to the steps that had none; they stand in the version's text.
        warnings: what is not sent, for its offer has lapsed by then; where nobody can enter, as things are now.
    """

    conversation: str
    version: str
    number: int
    new: bool
    given_ids: tuple[GivenId, ...] = ()
    warnings: tuple[str, ...] = ()


@router.post(
    "/v1/conversations/check",
    summary="Check a conversation document",
    dependencies=[needs(Scope.PUBLISH)],
    openapi_extra=_YAML,
)
async def check_document(request: Request, services: InjectedServices) -> CheckReport:
    """The first 50 mistakes by path and line; `more` counts the others. 200 also when there are some: `ok` tells."""
    body = await request.body()
    report = await DOCUMENTS.run(check, body, SOURCE)
    if not report.ok:
        return report
    met = await services.publishing.try_out(await DOCUMENTS.run(load_document, body, SOURCE))
    installation = InstallationReport(refused=met.refused, warnings=met.warnings)
    return report.model_copy(update={"installation": installation, "ok": met.refused is None})


@router.post(
    "/v1/conversations/test-run",
    summary="Rehearse a conversation document",
    dependencies=[needs(Scope.PUBLISH)],
    openapi_extra=_YAML,
    responses=problem_responses(Kind.INVALID),
)
async def rehearse_document(
    request: Request, scenario: Annotated[str | None, Query(min_length=1, max_length=200)] = None
) -> RehearsalReport:
    """One of its scenarios by name, or what usually happens: everyone's path on a virtual clock. Reaches nobody."""
    return await DOCUMENTS.run(_rehearse, await request.body(), scenario)


def _rehearse(body: bytes, named: str | None) -> RehearsalReport:
    document = load_document(body, SOURCE)
    scenario = next((each for each in document.scenarios if each.name == named), None)
    if scenario is None and named is not None:
        detail = "The document has no scenario of this name: `scenarios` in it lists those there are."
        raise Refusal(Kind.INVALID, detail, errors=(FieldProblem(path="query.scenario", detail=detail),))
    rehearsed = RunTester(document).run(scenario or usual_scenario(document))
    return RehearsalReport.of(document.conversation, rehearsed)


@router.get(
    "/v1/conversation-schema",
    summary="The JSON Schema of conversation documents",
    dependencies=[needs(Scope.READ)],
    response_class=Response,
    responses={
        200: {"content": {"application/schema+json": {"schema": {"type": "object"}}}, "description": "The schema"}
    },
)
async def read_schema() -> Response:
    """For editors: what may stand in a document, and what it means."""
    return Response(conversation_schema(), media_type="application/schema+json")


@router.post(
    "/v1/conversations",
    status_code=201,
    summary="Publish a conversation",
    dependencies=[needs(Scope.PUBLISH)],
    openapi_extra=_YAML,
    responses=problem_responses(Kind.CONFLICT, Kind.INVALID)
    | {200: {"model": PublishedReport, "description": "This content is the published version already"}},
)
async def publish_document(
    request: Request,
    response: Response,
    services: InjectedServices,
    actor: Actor,
    despite_scenarios: bool = False,
    tells_at_most: Annotated[int, Query(ge=0)] = 0,
) -> PublishedReport:
    """Journeys under way keep their version. Where its terms tell some who wait at once, say how many may be."""
    body = await request.body()
    document = await DOCUMENTS.run(load_document, body, SOURCE)
    published = await services.publishing.publish(
        document,
        by=actor,
        source=body.decode("utf-8-sig"),
        despite_scenarios=despite_scenarios,
        tells_at_most=tells_at_most,
    )
    if not published.new:
        response.status_code = 200
    return PublishedReport(
        conversation=published.conversation,
        version=published.version_id,
        number=published.number,
        new=published.new,
        given_ids=published.given_ids,
        warnings=published.warnings,
    )
