"""Dry runs over HTTP: who would have gone another way on a document that is not published. The body is the YAML."""

from typing import Annotated, Any

from fastapi import Query, Request

from schemas.responses.dry_run import DryRunReport
from schemas.responses.keys import Scope
from starter.comparing.changed_words import with_changed_words
from starter.documents import load_document
from starter.http.api.journeys import asking_temporal
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.runtime.one_thread import DOCUMENTS

router = keyed_router("conversations")

SOURCE = "body"
"""What stands for the file's name in mistakes."""
MOST_BY_HTTP = 500
"""Of one request: whoever asks waits for all of them. The command line takes more."""
LIMIT_SECONDS = 120.0
"""A hundred replays take about a second; a machine that is busy sending needs several times as long."""

_YAML: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}
}


@router.post(
    "/v1/conversations/dry-run",
    summary="Live recorded journeys on a document",
    dependencies=[needs(Scope.PUBLISH)],
    openapi_extra=_YAML,
    responses=problem_responses(Kind.INVALID, Kind.TEMPORAL_UNAVAILABLE, Kind.ARCHIVE_UNAVAILABLE),
)
async def run_dry(
    request: Request,
    services: InjectedServices,
    against: Annotated[
        int, Query(ge=1, le=MOST_BY_HTTP, description="How many journeys, the newest first")
    ] = MOST_BY_HTTP,
) -> DryRunReport:
    """Whose messages or path would differ, and how. Changes nothing."""
    document = await DOCUMENTS.run(load_document, await request.body(), SOURCE)
    async with asking_temporal(LIMIT_SECONDS):
        report = await services.dry_runs.run(document, against)
    return await with_changed_words(report, services.versions, document)
