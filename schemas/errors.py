"""The base of every error that is shown to people: what happened, what to do, and how API and CLI show it.

Activities and starter raise subclasses; the command line and the API show any of them without knowing it. An exception
that is not one of these is a bug of ours, or a library's and is translated by API and CLI.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ErrorKind(StrEnum):
    """The category of an error; API and CLI choose the status or exit code by it."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    """The present state does not allow it."""
    INVALID = "invalid"
    """A document or a value that was sent breaks a rule."""
    ARGUMENT = "argument"
    """A parameter of the call is malformed; `fields` names it."""
    MALFORMED = "malformed"
    """The body cannot be parsed."""
    NOT_AUTHENTIC = "not_authentic"
    """It is not signed by somebody who may."""
    GONE = "gone"
    """It existed, and is no longer kept."""
    DAMAGED = "damaged"
    """The stored copy cannot be read."""
    NOT_OPEN = "not_open"
    """A setting is missing that somebody has to make first."""
    UNAVAILABLE = "unavailable"
    """A component cannot be reached or is not prepared. Trying again later may help."""
    FAULT = "fault"
    """A bug in Shelftalk."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to correct in what was sent.

    Attributes:
        path: where in it: `threads[0].on`, `$.variants[0].price`, `cursor`.
        line, column: where in a document, counted from 1.
    """

    path: str
    message: str
    line: int | None = None
    column: int | None = None


class DomainError(Exception):
    """Why something was not done.

    Attributes:
        code: for programs; it does not change.
        kind: its category.
        advice: what to do at the command line; empty where the message contains it.
        public: the message for callers to whom what they sent must not be repeated; by default the message itself.
        fields: the places that are wrong.
        retry_after: in how many seconds it may be tried again; None: nobody knows.
    """

    code: str
    kind: ErrorKind
    advice: str = ""

    def __init__(
        self,
        message: str,
        *,
        advice: str | None = None,
        public: str | None = None,
        fields: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.public = public or message
        self.fields = tuple(fields)
        self.retry_after = retry_after
        if advice is not None:
            self.advice = advice
