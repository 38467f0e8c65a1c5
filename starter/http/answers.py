"""Which exception becomes which problem: our own, the framework's and the database's."""

from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg
import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from activities.archive.archive import ArchiveUnavailable, HistoryCorrupt
from activities.storefronts.storefront import DeliveryMalformed, PayloadMalformed, SignatureWrong
from activities.waitlist.enlist import NoAlert
from activities.waitlist.intake import UnknownVariant
from starter.documents import DocumentInvalid
from starter.http.problems import TRY_AGAIN_SECONDS, FieldProblem, Kind, ProblemResponse, Refusal, respond
from starter.journeys import BadCursor, JourneyEnded, NoSuchJourney
from starter.publishing import AlertTaken, ListUnknown
from starter.replay import HistoryGone, ReplayFailed

log = structlog.get_logger()

OPENS_SECONDS = 60
"""Someone has to publish a conversation first."""
ERRORS_SHOWN = 50
"""A body that is wrong throughout is not answered with a longer one."""
LONGEST_PATH = 200


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
    HistoryCorrupt,
    ArchiveUnavailable,
    ReplayFailed,
    AlertTaken,
    ListUnknown,
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
                Kind.NOT_OPEN,
                "Sign-ups are not open yet. Please try again later.",
                headers=_try_again_in(OPENS_SECONDS),
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
                "The journey has ended, and neither Temporal nor the archive has its history.",
            )
        case HistoryCorrupt():
            return Refusal(Kind.HISTORY_CORRUPT, str(error))
        case ArchiveUnavailable():
            log.warning("archive unavailable", error=str(error))
            return Refusal(
                Kind.ARCHIVE_UNAVAILABLE,
                "The archive that has this journey's history does not answer just now.",
                headers=_try_again_in(TRY_AGAIN_SECONDS),
            )
        case ReplayFailed():
            return Refusal(Kind.REPLAY_FAILED, f"The journey's path cannot be told: {error}.")
        case AlertTaken():
            return Refusal(Kind.CONFLICT, str(error))
        case ListUnknown(path=path):
            return Refusal(Kind.INVALID, str(error), errors=(FieldProblem(path=path, detail=str(error)),))
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
