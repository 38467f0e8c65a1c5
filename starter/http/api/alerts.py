"""Alerts: which there are, and pausing them and conversations. A resume shows what it sets off before it does it."""

from typing import Annotated, Literal

from fastapi import Path, Request
from pydantic import Field

from schemas.model import Model
from schemas.responses.keys import Scope
from schemas.responses.pausing import AlertStates, PauseReport, ResumeReport
from starter.http.actor import actor
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.ops.pausing import Pausable

router = keyed_router("alerts")

Code = Annotated[str, Path(max_length=63)]


class Pause(Model):
    """Pausing is agreed to by saying so."""

    confirm: Literal[True]


class Resume(Model):
    """Going on.

    Attributes:
        confirm: without it nothing is changed, and the answer is what would happen.
        at_most: refuse if by now it would be more messages than this, told_now, held_up and going_on together.
    """

    confirm: bool = False
    at_most: Annotated[int | None, Field(ge=0, lt=2**31)] = None


@router.get("/v1/alerts", summary="List alerts", dependencies=[needs(Scope.READ)])
async def list_alerts(services: InjectedServices) -> AlertStates:
    """What each watches, how many wait, whether it is paused."""
    return await services.pausing.alerts()


@router.post(
    "/v1/alerts/{code}/pause",
    summary="Pause an alert",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def pause_alert(code: Code, _agreed: Pause, request: Request, services: InjectedServices) -> PauseReport:
    """Everyone keeps their place, sign-ups are taken, nothing is sent."""
    return await _pause(Pausable("alert", code), request, services)


@router.post(
    "/v1/alerts/{code}/resume",
    summary="Resume an alert",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def resume_alert(code: Code, agreed: Resume, request: Request, services: InjectedServices) -> ResumeReport:
    """Without `confirm` it only shows how many would be told now; `resumed` says which of the two happened."""
    return await _resume(Pausable("alert", code), agreed, request, services)


@router.post(
    "/v1/conversations/{code}/pause",
    summary="Pause a conversation",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def pause_conversation(code: Code, _agreed: Pause, request: Request, services: InjectedServices) -> PauseReport:
    """With all its alerts: everyone keeps their place, sign-ups are taken, nothing is sent."""
    return await _pause(Pausable("conversation", code), request, services)


@router.post(
    "/v1/conversations/{code}/resume",
    summary="Resume a conversation",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.CONFLICT, Kind.INVALID),
)
async def resume_conversation(code: Code, agreed: Resume, request: Request, services: InjectedServices) -> ResumeReport:
    """Without `confirm` it only shows how many would be told now; `resumed` says which of the two happened."""
    return await _resume(Pausable("conversation", code), agreed, request, services)


async def _pause(what: Pausable, request: Request, services: InjectedServices) -> PauseReport:
    by = actor(request)
    return await services.pausing.pause(what, by)


async def _resume(what: Pausable, agreed: Resume, request: Request, services: InjectedServices) -> ResumeReport:
    by = actor(request)
    if not agreed.confirm:
        return await services.pausing.would_resume(what)
    return await services.pausing.resume(what, by, agreed.at_most)
