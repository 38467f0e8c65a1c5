"""Every way the API says no: RFC 9457 problems, from our own exceptions and everybody else's.

A problem says what happened, whose fault it is and what to do. It never quotes what was sent.
"""

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import asyncpg
import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field
from starlette.exceptions import HTTPException

from activities.storefronts.storefront import DeliveryMalformed, PayloadMalformed, SignatureWrong
from activities.waitlist.intake import NoAlert, UnknownVariant
from schemas.model import Model
from starter.documents import DocumentInvalid
from starter.journeys import BadCursor, JourneyEnded, NoSuchJourney
from starter.publishing import AlertTaken
from starter.replay import HistoryGone, ReplayFailed

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
TRY_AGAIN_SECONDS = 5
"""A database that restarts is back about then; Shopify itself waits longer."""
ERRORS_SHOWN = 50
"""A body that is wrong throughout is not answered with a longer one."""
LONGEST_PATH = 200


class Kind(StrEnum):
    """What can be wrong. The value ends the problem's `type`; status and title are in the table below."""

    BODY_TOO_LARGE = "body-too-large"
    CONFLICT = "conflict"
    DATABASE_UNAVAILABLE = "database-unavailable"
    DELIVERY_MALFORMED = "delivery-malformed"
    HISTORY_GONE = "history-gone"
    INTERNAL = "internal"
    INVALID = "invalid"
    KEY_NEEDED = "key-needed"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_FOUND = "not-found"
    NOT_OPEN = "not-open"
    REPLAY_FAILED = "replay-failed"
    REQUEST_MALFORMED = "request-malformed"
    SIGNATURE_WRONG = "signature-wrong"
    TEMPORAL_UNAVAILABLE = "temporal-unavailable"
    TOO_MANY_REQUESTS = "too-many-requests"

    @property
    def status(self) -> int:
        return _STATUS_AND_TITLE[self][0]

    @property
    def heading(self) -> str:
        return _STATUS_AND_TITLE[self][1]


_STATUS_AND_TITLE = {
    Kind.BODY_TOO_LARGE: (413, "The body is too large"),
    Kind.CONFLICT: (409, "This stands against what is there"),
    Kind.DATABASE_UNAVAILABLE: (503, "The database cannot be reached"),
    Kind.DELIVERY_MALFORMED: (400, "The delivery cannot be read"),
    Kind.HISTORY_GONE: (410, "The history is no longer kept"),
    Kind.INTERNAL: (500, "Shelftalk made a mistake"),
    Kind.INVALID: (422, "The request is not valid"),
    Kind.KEY_NEEDED: (401, "A valid API key is needed"),
    Kind.METHOD_NOT_ALLOWED: (405, "This address does not take that method"),
    Kind.NOT_FOUND: (404, "There is no such thing"),
    Kind.NOT_OPEN: (503, "Sign-ups are not open"),
    Kind.REPLAY_FAILED: (500, "The history does not replay"),
    Kind.REQUEST_MALFORMED: (400, "The request cannot be read"),
    Kind.SIGNATURE_WRONG: (401, "The signature is wrong"),
    Kind.TEMPORAL_UNAVAILABLE: (503, "Temporal cannot be reached"),
    Kind.TOO_MANY_REQUESTS: (429, "Too many requests"),
}


class FieldProblem(Model):
    """One thing to put right.

    Attributes:
        path: where: `$.variants[0].price` in a body, `query.limit` outside one, `threads[0].on` in a document.
        line, column: where in a document, counted from 1.
    """

    path: str
    detail: str
    line: int | None = None
    column: int | None = None


class Problem(Model):
    """RFC 9457: what went wrong, for programs (`type`) and for people (`detail`).

    Attributes:
        path: where the first mistake is.
        errors: every mistake, when there are several fields to be wrong.
        request_id: names the log lines about this request; also in the header X-Request-Id.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:shelftalk:problem:invalid",
                    "title": "The request is not valid",
                    "status": 422,
                    "detail": "value is not a valid email address: An email address must have an @-sign.",
                    "path": "$.email",
                    "errors": [
                        {
                            "path": "$.email",
                            "detail": "value is not a valid email address: An email address must have an @-sign.",
                        }
                    ],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    path: str | None = None
    errors: tuple[FieldProblem, ...] = ()
    request_id: str | None = Field(default=None)


class Refusal(Exception):
    """A handler's no: answered as the problem it describes."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: tuple[FieldProblem, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})


class ProblemResponse(JSONResponse):
    """A problem on the wire. ASCII, so that half of a surrogate pair in a field's name cannot break it."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=True, allow_nan=False).encode("ascii")


def respond(refusal: Refusal, request_id: str | None = None) -> ProblemResponse:
    """The response that says this no."""
    first = refusal.errors[0].path if refusal.errors else None
    problem = Problem(
        type=f"urn:shelftalk:problem:{refusal.kind}",
        title=refusal.kind.heading,
        status=refusal.kind.status,
        detail=refusal.detail,
        path=first,
        errors=refusal.errors,
        request_id=request_id,
    )
    content = problem.model_dump(exclude_none=True, exclude_defaults=True)
    return ProblemResponse(content, refusal.kind.status, refusal.headers)


async def answer(_request: Request, error: Exception) -> ProblemResponse:
    """The exception handler of the application, for all of `ANSWERED`."""
    return respond(_refusal(error))


ANSWERED: tuple[type[Exception], ...] = (
    Refusal,
    RequestValidationError,
    HTTPException,
    SignatureWrong,
    DeliveryMalformed,
    PayloadMalformed,
    UnknownVariant,
    NoAlert,
    NoSuchJourney,
    JourneyEnded,
    BadCursor,
    HistoryGone,
    ReplayFailed,
    AlertTaken,
    DocumentInvalid,
    asyncpg.DataError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    OSError,
    TimeoutError,
)
"""What `answer` knows. Everything else is our mistake, and becomes a 500 in journal.py."""


def _refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case RequestValidationError():
            errors = tuple(_field_problem(each) for each in error.errors()[:ERRORS_SHOWN])
            return Refusal(Kind.INVALID, errors[0].detail if errors else "The request is not valid.", errors=errors)
        case HTTPException():
            return _of_the_framework(error)
        case SignatureWrong():
            # A 401 names its scheme (RFC 9110); this one is a storefront's own.
            return Refusal(Kind.SIGNATURE_WRONG, str(error), headers={"WWW-Authenticate": 'Signature realm="webhooks"'})
        case DeliveryMalformed():
            return Refusal(Kind.DELIVERY_MALFORMED, str(error))
        case PayloadMalformed(path=path, message=message):
            return Refusal(
                Kind.DELIVERY_MALFORMED,
                f"{message}. The delivery is kept for inspection.",
                errors=(FieldProblem(path=path, detail=message),),
            )
        case UnknownVariant():
            return Refusal(Kind.NOT_FOUND, "This shop has no such product variant that we know of.")
        case NoAlert():
            log.warning("sign-up refused: no conversation with a sign-up alert is published")
            return Refusal(
                Kind.NOT_OPEN, "Sign-ups are not open yet. Please try again later.", headers=_try_again_in(60)
            )
        case NoSuchJourney():
            return Refusal(Kind.NOT_FOUND, "There is no journey with this id.")
        case JourneyEnded():
            return Refusal(Kind.CONFLICT, "The journey has ended; there is nothing left to cancel.")
        case BadCursor():
            detail = "This is not a cursor: pass the `next` of a page as it was given."
            return Refusal(Kind.INVALID, detail, errors=(FieldProblem(path="query.cursor", detail=detail),))
        case HistoryGone():
            return Refusal(
                Kind.HISTORY_GONE,
                "The journey has ended, and Temporal keeps its history no longer: the retention has passed.",
            )
        case ReplayFailed():
            return Refusal(Kind.REPLAY_FAILED, f"The journey's path cannot be told: {error}.")
        case AlertTaken():
            return Refusal(Kind.CONFLICT, str(error))
        case DocumentInvalid(mistakes=mistakes):
            return Refusal(
                Kind.INVALID,
                str(mistakes[0]),
                errors=tuple(
                    FieldProblem(
                        path=mistake.path,
                        detail=f"{mistake.message}. {mistake.advice}",
                        line=mistake.line,
                        column=mistake.column,
                    )
                    for mistake in mistakes[:ERRORS_SHOWN]
                ),
            )
        case _:
            return _of_the_database(error)


def _of_the_framework(error: HTTPException) -> Refusal:
    match error.status_code:
        case 404:
            return Refusal(Kind.NOT_FOUND, "There is nothing at this address; /openapi.json lists what there is.")
        case 405:
            return Refusal(Kind.METHOD_NOT_ALLOWED, "See the header Allow.", headers=error.headers)
        case _:
            return Refusal(Kind.REQUEST_MALFORMED, "The body cannot be read as JSON.")


def _of_the_database(error: Exception) -> Refusal:
    # asyncpg has two errors of the name DataError; the one for arguments it cannot encode is told by its ValueError.
    if isinstance(error, asyncpg.DataError | ValueError):
        return Refusal(
            Kind.INVALID,
            "A value cannot be stored: a number is out of range, or a text holds the character U+0000.",
        )
    log.warning("database unavailable", error=type(error).__name__)
    return Refusal(
        Kind.DATABASE_UNAVAILABLE,
        "The database cannot be used just now. Send the request again in a moment; doing so twice does no harm.",
        headers=_try_again_in(TRY_AGAIN_SECONDS),
    )


def _try_again_in(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    where, *rest = error["loc"]
    if error["type"] == "json_invalid":
        return FieldProblem(path="$", detail=f"The body is not JSON: {error['ctx']['error']} at character {rest[0]}")
    path = "".join(_steps(rest))
    path = f"${path}" if where == "body" else f"{where}{path}"
    return FieldProblem(path=path[:LONGEST_PATH], detail=str(error["msg"]).removeprefix("Value error, "))


def _steps(parts: list[str | int]) -> Iterator[str]:
    for part in parts:
        yield f"[{part}]" if isinstance(part, int) else f".{part}"


def problem_responses(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of a route's problems. The route adds its own to those that any route can have."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, Kind.DATABASE_UNAVAILABLE, Kind.INTERNAL):
        titles = found.get(kind.status, {}).get("description")
        description = kind.heading if titles is None else f"{titles}; or: {kind.heading.lower()}"
        found[kind.status] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found
