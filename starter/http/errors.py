"""Which exception becomes which problem: our own, the framework's and the database's."""

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

import asyncpg
import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from activities.postgres.away import POSTGRES_AWAY
from activities.waitlist.work import WorkNeeded
from schemas.errors import DomainError, ErrorKind
from schemas.mistakes import mistake_in_words
from starter.http.console.app import problem_page, shows_pages
from starter.http.problems import FieldProblem, Kind, Refusal, respond

log = structlog.get_logger()

ERRORS_SHOWN = 50
"""A body that is wrong throughout is not answered with a longer one."""
LONGEST_PATH = 200


async def answer(request: Request, error: Exception) -> Response:
    """The exception handler of the application, for all of `ANSWERED`: a problem to programs, a page to people."""
    refusal = _refusal(error)
    return problem_page(request, refusal) if shows_pages(request) else respond(refusal)


ANSWERED: tuple[type[Exception], ...] = (
    Refusal,
    DomainError,
    RequestValidationError,
    HTTPException,
    asyncpg.DataError,
    *POSTGRES_AWAY,
)
"""What `answer` knows. Everything else is our mistake, and becomes a 500 in request_log.py."""


def _refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case DomainError():
            return _of_ours(error)
        case RequestValidationError():
            errors = tuple(_field_problem(each) for each in error.errors()[:ERRORS_SHOWN])
            if any(each["type"] == "json_invalid" for each in error.errors()):
                return Refusal(Kind.REQUEST_MALFORMED, errors[0].detail, errors=errors)
            return Refusal(Kind.INVALID, errors[0].detail if errors else "The request is not valid.", errors=errors)
        case HTTPException():
            return _of_the_framework(error)
        case _:
            return _of_the_database(error)


def _of_ours(error: DomainError) -> Refusal:
    if error.kind in (ErrorKind.UNAVAILABLE, ErrorKind.NOT_OPEN):
        log.warning("request refused", code=error.code, error=str(error))
    return Refusal(
        _problem(error),
        error.public,
        errors=tuple(
            FieldProblem(
                path=f"query.{each.path}" if error.kind is ErrorKind.ARGUMENT else each.path,
                detail=each.message,
                line=each.line,
                column=each.column,
            )
            for each in error.fields[:ERRORS_SHOWN]
        ),
        headers=None if error.retry_after is None else {"Retry-After": str(error.retry_after)},
        work=(error.challenge, error.bits) if isinstance(error, WorkNeeded) else None,
    )


def _problem(error: DomainError) -> Kind:
    """The problem of the error's own name where there is one, else that of its kind."""
    own = error.code.replace("_", "-")
    if own in frozenset(Kind):
        return Kind(own)
    match error.kind:
        case ErrorKind.NOT_FOUND:
            return Kind.NOT_FOUND
        case ErrorKind.CONFLICT:
            return Kind.CONFLICT
        case ErrorKind.INVALID | ErrorKind.ARGUMENT:
            return Kind.INVALID
        case ErrorKind.MALFORMED:
            return Kind.REQUEST_MALFORMED
        case ErrorKind.NOT_AUTHENTIC:
            return Kind.SIGNATURE_WRONG
        case ErrorKind.GONE:
            return Kind.HISTORY_GONE
        case ErrorKind.NOT_OPEN:
            return Kind.NOT_OPEN
        case ErrorKind.UNAVAILABLE:
            return Kind.DATABASE_UNAVAILABLE
        case ErrorKind.DAMAGED | ErrorKind.FAULT:
            return Kind.INTERNAL
        case _:
            assert_never(error.kind)


def _of_the_framework(error: HTTPException) -> Refusal:
    match error.status_code:
        case 404:
            return Refusal(Kind.NOT_FOUND, "There is nothing at this address; /openapi.json lists what there is.")
        case 405:
            return Refusal(Kind.METHOD_NOT_ALLOWED, "See the header Allow.", headers=error.headers)
        case _:
            return Refusal(Kind.REQUEST_MALFORMED, "The body cannot be read as JSON.")


def _of_the_database(error: Exception) -> Refusal:
    # asyncpg has two errors of the name DataError; the one for arguments it cannot encode is also a ValueError.
    if isinstance(error, asyncpg.DataError | ValueError):
        return Refusal(
            Kind.INVALID,
            "A value cannot be stored: a number is out of range, or a text holds the character U+0000.",
        )
    log.warning("database unavailable", error=type(error).__name__)
    return Refusal(
        Kind.DATABASE_UNAVAILABLE,
        "The database cannot be used just now. Send the request again in a moment; doing so twice does no harm.",
    )


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    where, *rest = error["loc"]
    if error["type"] == "json_invalid":
        return FieldProblem(path="$", detail=f"The body is not JSON: {error['ctx']['error']} at character {rest[0]}")
    path = "".join(_steps(rest))
    path = f"${path}" if where == "body" else f"{where}{path}"
    return FieldProblem(path=path[:LONGEST_PATH], detail=mistake_in_words(error))


def _steps(parts: list[str | int]) -> Iterator[str]:
    for part in parts:
        yield f"[{part}]" if isinstance(part, int) else f".{part}"
