"""Messages that wait for approval, and repair. What acts on them shows first what it would do, without `confirm`."""

from typing import Annotated, Self

from fastapi import Query
from pydantic import Field, model_validator

from schemas.model import Model
from schemas.reasons import Reason
from schemas.responses.keys import Scope
from schemas.responses.repair import (
    Answer,
    Answered,
    HeldMessages,
    MessagePreview,
    Repair,
    RepairPlan,
    Resumed,
    Stuck,
    Why,
)
from starter.http.actor import Actor
from starter.http.api.journeys import Journey, asking_temporal
from starter.http.auth import KeyReach, keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.ops.approvals import Which
from starter.ops.repair import By

router = keyed_router("repair")

MOST_KEYS = 1000
Code = Annotated[str | None, Field(max_length=63)]
Key = Annotated[str, Field(min_length=1, max_length=300)]


class Answering(Model):
    """Which held messages are meant, and why.

    Attributes:
        keys: these; or else all of the conversation, and of the message if given.
        confirm: without it nothing is changed, and the answer says which ones it would be.
    """

    keys: Annotated[tuple[Key, ...], Field(max_length=MOST_KEYS)] | None = None
    conversation: Code = None
    message: Code = None
    why: Why
    confirm: bool = False

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if self.keys is None and self.conversation is None:
            raise ValueError("say which messages: by their keys, or all of a conversation")
        return self


class Repairing(Model):
    """What is to be done for one journey, and why.

    Attributes:
        confirm: without it nothing is changed, and the answer says what it would do.
    """

    repair: Repair
    why: Why
    confirm: bool = False


class Resuming(Model):
    """What has stopped them, and why they may go on.

    Attributes:
        confirm: without it nothing is changed, and the answer says how many they are.
    """

    cause: Reason
    conversation: Code = None
    step: Code = None
    why: Why
    confirm: bool = False


@router.get(
    "/v1/messages/held",
    summary="List held messages",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def list_held(
    services: InjectedServices,
    conversation: Annotated[str | None, Query(max_length=63)] = None,
    message: Annotated[str | None, Query(max_length=63)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_KEYS)] = 100,
) -> HeldMessages:
    """Those that wait for somebody's approval, the longest first."""
    return await services.approvals.held(conversation, message, limit)


@router.get(
    "/v1/messages/preview",
    summary="Show a held message",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def preview(
    services: InjectedServices,
    key: Annotated[str, Query(min_length=1, max_length=300, description="As the list has it")],
) -> MessagePreview:
    """As its contact would read it now."""
    return await services.approvals.preview(key)


@router.post(
    "/v1/messages/approve",
    summary="Approve held messages",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.INVALID),
)
async def approve(body: Answering, actor: Actor, services: InjectedServices) -> Answered:
    """They leave if they are still true by then: each is checked anew."""
    return await _answer(Answer.APPROVED, body, actor, services)


@router.post(
    "/v1/messages/decline",
    summary="Decline held messages",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.INVALID),
)
async def decline(body: Answering, actor: Actor, services: InjectedServices) -> Answered:
    """They are never sent; a place that hung on one passes to the next in line."""
    return await _answer(Answer.DECLINED, body, actor, services)


@router.get("/v1/repairs", summary="List what is held up", dependencies=[needs(Scope.READ)])
async def list_stuck(services: InjectedServices) -> Stuck:
    """What does not go on by itself, by cause, version and step."""
    return await services.repairs.stuck()


@router.post(
    "/v1/journeys/{journey}/repair",
    summary="Repair a journey",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(
        Kind.NOT_FOUND,
        Kind.CONFLICT,
        Kind.INVALID,
        Kind.REPLAY_FAILED,
        Kind.HISTORY_CORRUPT,
        Kind.TEMPORAL_UNAVAILABLE,
        Kind.ARCHIVE_UNAVAILABLE,
    ),
)
async def repair(
    journey: Journey, body: Repairing, actor: Actor, services: InjectedServices, reach: KeyReach
) -> RepairPlan:
    """Retry, skip or finish; nothing that was sent is sent again."""
    await services.journeys.show(journey, reach.stores)
    by = By(actor, body.why) if body.confirm else None
    async with asking_temporal():
        return await services.repairs.repair(journey, body.repair, by)


@router.post(
    "/v1/repairs/resume",
    summary="Resume all stopped by one cause",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.CONFLICT, Kind.INVALID),
)
async def resume(body: Resuming, actor: Actor, services: InjectedServices) -> Resumed:
    """All that it has stopped try again, with every check."""
    by = By(actor, body.why) if body.confirm else None
    return await services.repairs.resume(body.cause, body.conversation, body.step, by)


async def _answer(answer: Answer, body: Answering, actor: str, services: InjectedServices) -> Answered:
    which = Which(body.conversation, body.message, body.keys)
    by = By(actor, body.why) if body.confirm else None
    return await services.approvals.answer(answer, which, by)
