"""Every way the API says no: RFC 9457 problems. Which exception becomes which is errors.py.

A problem says what happened, whose fault it is and what to do. It never quotes what was sent.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import ConfigDict

from schemas.model import Model

MEDIA_TYPE = "application/problem+json"
TRY_AGAIN_SECONDS = 5
"""A database that restarts is back about then; storefronts wait longer."""
OPENS_SECONDS = 60
"""Someone has to publish a conversation first."""


class Kind(StrEnum):
    """What can be wrong. The value ends the problem's `type`; status and title are in the table below."""

    ARCHIVE_UNAVAILABLE = "archive-unavailable"
    BODY_TOO_LARGE = "body-too-large"
    BODY_TOO_SLOW = "body-too-slow"
    BUSY = "busy"
    CONFLICT = "conflict"
    DATABASE_UNAVAILABLE = "database-unavailable"
    DELIVERY_MALFORMED = "delivery-malformed"
    FORBIDDEN = "forbidden"
    HEAD_TOO_LARGE = "head-too-large"
    HISTORY_CORRUPT = "history-corrupt"
    HISTORY_GONE = "history-gone"
    INTERNAL = "internal"
    INVALID = "invalid"
    KEY_NEEDED = "key-needed"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_FOUND = "not-found"
    NOT_OPEN = "not-open"
    PROVIDER_AWAY = "provider-away"
    REPLAY_FAILED = "replay-failed"
    REQUEST_MALFORMED = "request-malformed"
    SIGNATURE_WRONG = "signature-wrong"
    TEMPORAL_UNAVAILABLE = "temporal-unavailable"
    TEST_NOT_SENT = "test-not-sent"
    TOO_MANY_REQUESTS = "too-many-requests"
    WORK_NEEDED = "work-needed"

    @property
    def status(self) -> int:
        return _STATUS_AND_TITLE[self][0]

    @property
    def heading(self) -> str:
        return _STATUS_AND_TITLE[self][1]

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every such answer."""
        match self:
            case (
                Kind.ARCHIVE_UNAVAILABLE
                | Kind.BUSY
                | Kind.DATABASE_UNAVAILABLE
                | Kind.PROVIDER_AWAY
                | Kind.TEMPORAL_UNAVAILABLE
            ):
                return {"Retry-After": str(TRY_AGAIN_SECONDS)}
            case Kind.NOT_OPEN:
                return {"Retry-After": str(OPENS_SECONDS)}
            case Kind.SIGNATURE_WRONG:
                # A 401 names its scheme (RFC 9110); this one is a storefront's own.
                return {"WWW-Authenticate": 'Signature realm="webhooks"'}
            case _:
                return {}


_STATUS_AND_TITLE = {
    Kind.ARCHIVE_UNAVAILABLE: (503, "The archive cannot be reached"),
    Kind.BODY_TOO_LARGE: (413, "The body is too large"),
    Kind.BODY_TOO_SLOW: (408, "The body did not arrive in time"),
    Kind.BUSY: (503, "The server is busy"),
    Kind.CONFLICT: (409, "This stands against what is there"),
    Kind.DATABASE_UNAVAILABLE: (503, "The database cannot be reached"),
    Kind.DELIVERY_MALFORMED: (400, "The delivery cannot be read"),
    Kind.FORBIDDEN: (403, "This key does not open that"),
    Kind.HEAD_TOO_LARGE: (431, "The head of the request is too large"),
    Kind.HISTORY_CORRUPT: (500, "The archived history is damaged"),
    Kind.HISTORY_GONE: (410, "The history is no longer kept"),
    Kind.INTERNAL: (500, "Shelftalk made a mistake"),
    Kind.INVALID: (422, "The request is not valid"),
    Kind.KEY_NEEDED: (401, "A valid API key is needed"),
    Kind.METHOD_NOT_ALLOWED: (405, "This address does not take that method"),
    Kind.NOT_FOUND: (404, "There is no such thing"),
    Kind.NOT_OPEN: (503, "Sign-ups are not open"),
    Kind.PROVIDER_AWAY: (503, "The provider does not answer"),
    Kind.REPLAY_FAILED: (500, "The history does not replay"),
    Kind.REQUEST_MALFORMED: (400, "The request cannot be read"),
    Kind.SIGNATURE_WRONG: (401, "The signature is wrong"),
    Kind.TEMPORAL_UNAVAILABLE: (503, "Temporal cannot be reached"),
    Kind.TEST_NOT_SENT: (502, "The test was not sent"),
    Kind.TOO_MANY_REQUESTS: (429, "Too many requests"),
    Kind.WORK_NEEDED: (428, "A proof of work is needed"),
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
        challenge, bits: of `work-needed` alone: what to solve, and how many bits of zero it is to give.
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
    request_id: str | None = None
    challenge: str | None = None
    bits: int | None = None


class Refusal(Exception):
    """A handler's no: answered as the problem it describes."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: tuple[FieldProblem, ...] = (),
        headers: Mapping[str, str] | None = None,
        work: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.work = work


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
        challenge=refusal.work[0] if refusal.work else None,
        bits=refusal.work[1] if refusal.work else None,
    )
    content = problem.model_dump(exclude_none=True, exclude_defaults=True)
    return ProblemResponse(content, refusal.kind.status, refusal.kind.headers | refusal.headers)


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
