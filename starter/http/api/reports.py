"""Reports and "why not". An e-mail address is asked for in a body, never in a query string, and never answered."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from fastapi import Path, Query, Request, Response
from pydantic import Field, model_validator

from schemas.ids import Level, StoreId
from schemas.responses.delays import DelayReport
from schemas.responses.experiments import ExperimentReport
from schemas.responses.keys import Scope
from schemas.responses.message_activity import ActivityBy, MessageActivity
from schemas.responses.reports import ListReport, WantedReport
from schemas.responses.revenue import RevenueReport
from schemas.responses.why import WhyContact, WhyProduct
from starter.http.actor import Actor
from starter.http.api.named import NamesOne
from starter.http.auth import KeyReach, keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.reporting.reports import LARGEST_REPORT, Period
from starter.reporting.spreadsheets import (
    MEDIA_TYPE,
    delays_csv,
    experiment_csv,
    list_csv,
    messages_csv,
    revenue_csv,
    wanted_csv,
)
from starter.support.why import MOST_ENTRIES, About

router = keyed_router("reports")


class Format(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"


def _format(request: Request, format_: Format | None) -> Format:
    """As the query says, or else as the header Accept does; JSON where neither names CSV."""
    if format_ is not None:
        return format_
    accepted = [each.partition(";")[0].strip().lower() for each in request.headers.get("Accept", "").split(",")]
    named = [each for each in accepted if each in ("text/csv", "application/json")]
    return Format.CSV if named[:1] == ["text/csv"] else Format.JSON


Day = Annotated[date | None, Query(description="By the list's clock; UTC without a list. Both ends count")]
AsFormat = Annotated[Format | None, Query(alias="format", description="Without it, as the header Accept says")]
Entries = Annotated[int, Query(ge=1, le=MOST_ENTRIES)]
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


class WhyQuestion(NamesOne):
    """Whose journeys, and of what: without a store of everything; `variant` includes its whole product."""

    store: str | None = None
    variant: str | None = None
    product: str | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = 100

    @model_validator(mode="after")
    def _of_a_store(self) -> Self:
        if self.store is None and (self.variant is not None or self.product is not None):
            raise ValueError("a variant or a product is one of a store: name the store too")
        return self


@router.get(
    "/v1/reports/wanted",
    summary="Report what is wanted most",
    dependencies=[needs(Scope.READ)],
    response_model=WantedReport,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID) | _CSV,
)
async def report_wanted(
    request: Request,
    services: InjectedServices,
    reach: KeyReach,
    list_: Annotated[str | None, Query(alias="list", max_length=63)] = None,
    since: Day = None,
    until: Day = None,
    by: Level = Level.VARIANT,
    limit: Annotated[int, Query(ge=1, le=LARGEST_REPORT)] = 50,
    format_: AsFormat = None,
) -> WantedReport | Response:
    """Who waits, was lost to the window, was told and bought after it, and how many units to order."""
    report = await services.reports.wanted(list_, Period(since, until), by, limit, reach.stores)
    return _csv(wanted_csv(report), "wanted") if _format(request, format_) is Format.CSV else report


@router.get(
    "/v1/reports/lists/{list}",
    summary="Report what became of a list's contacts",
    dependencies=[needs(Scope.READ)],
    response_model=ListReport,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID) | _CSV,
)
async def report_list(
    request: Request,
    services: InjectedServices,
    reach: KeyReach,
    list_: Annotated[str, Path(alias="list", max_length=63)],
    since: Day = None,
    until: Day = None,
    format_: AsFormat = None,
) -> ListReport | Response:
    """Entered, told, bought after, left and why: by alert and by day."""
    report = await services.reports.list_figures(list_, Period(since, until), reach.stores)
    return _csv(list_csv(report), "list") if _format(request, format_) is Format.CSV else report


@router.get(
    "/v1/reports/revenue",
    summary="Report what messages earned",
    dependencies=[needs(Scope.READ)],
    response_model=RevenueReport,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID) | _CSV,
)
async def report_revenue(
    request: Request,
    services: InjectedServices,
    reach: KeyReach,
    list_: Annotated[str | None, Query(alias="list", max_length=63)] = None,
    since: Day = None,
    until: Day = None,
    format_: AsFormat = None,
) -> RevenueReport | Response:
    """The orders credited to each message, by currency; refunds and cancellations are deducted."""
    report = await services.revenue.report(list_, Period(since, until), reach.stores)
    return _csv(revenue_csv(report), "revenue") if _format(request, format_) is Format.CSV else report


@router.get(
    "/v1/reports/experiments/{experiment}",
    summary="Report what an experiment found",
    dependencies=[needs(Scope.READ)],
    response_model=ExperimentReport,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID) | _CSV,
)
async def report_experiment(
    request: Request,
    services: InjectedServices,
    reach: KeyReach,
    experiment: Annotated[str, Path(max_length=63)],
    format_: AsFormat = None,
) -> ExperimentReport | Response:
    """What those who were told ordered, beside those who were held out, with 95 % intervals."""
    report = await services.experiments.report(experiment, reach.stores)
    return _csv(experiment_csv(report), "experiment") if _format(request, format_) is Format.CSV else report


@router.get(
    "/v1/reports/messages",
    summary="Report what became of messages",
    dependencies=[needs(Scope.READ)],
    response_model=MessageActivity,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID) | _CSV,
)
async def report_messages(
    request: Request,
    services: InjectedServices,
    reach: KeyReach,
    by: ActivityBy = ActivityBy.MESSAGE,
    list_: Annotated[str | None, Query(alias="list", max_length=63)] = None,
    conversation: Annotated[str | None, Query(max_length=63)] = None,
    alert: Annotated[str | None, Query(max_length=63)] = None,
    store: Annotated[StoreId | None, Query(max_length=255)] = None,
    since: Day = None,
    until: Day = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_REPORT)] = LARGEST_REPORT,
    format_: AsFormat = None,
) -> MessageActivity | Response:
    """Sent, delivered, opened and clicked by people, bounced, complained of; of the last 30 days without a period."""
    reach.require(store)
    report = await services.message_reports.activity(
        Period(since, until), by, list_, conversation, alert, store, reach.stores, limit
    )
    return _csv(messages_csv(report), "messages") if _format(request, format_) is Format.CSV else report


@router.get(
    "/v1/reports/delays",
    summary="Report how long alerts take",
    dependencies=[needs(Scope.READ)],
    response_model=DelayReport,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID) | _CSV,
)
async def report_delays(
    request: Request,
    services: InjectedServices,
    reach: KeyReach,
    list_: Annotated[str | None, Query(alias="list", max_length=63)] = None,
    store: Annotated[StoreId | None, Query(max_length=255)] = None,
    since: Day = None,
    until: Day = None,
    format_: AsFormat = None,
) -> DelayReport | Response:
    """From the change in the shop to heard, decided, handed over, delivered; of the last 30 days without a period."""
    reach.require(store)
    report = await services.delays.delays(Period(since, until), list_, store, reach.stores)
    return _csv(delays_csv(report), "delays") if _format(request, format_) is Format.CSV else report


@router.post(
    "/v1/why",
    summary="Ask why a contact was not told",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def why_contact(question: WhyQuestion, services: InjectedServices, reach: KeyReach, actor: Actor) -> WhyContact:
    """Everything they were considered for, newest first: told, the reason on record, or where they stand."""
    reach.require(question.store)
    about = About(question.store, question.variant, question.product, reach.stores)
    return await services.why.contact(question.address, about, question.limit, actor)


@router.get(
    "/v1/stores/{store:id}/variants/{variant:id}/why",
    summary="Ask who was not told of a variant",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def why_variant(
    store: Annotated[StoreId, Path(max_length=255)],
    variant: Annotated[str, Path(max_length=100)],
    services: InjectedServices,
    limit: Entries = 100,
) -> WhyProduct:
    """And why: those who wait for it or its whole product, next in line first, then those who left untold."""
    return await services.why.product(store, About(store, variant), limit)


def _csv(content: bytes, name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return Response(content, media_type=MEDIA_TYPE, headers=disposition)
