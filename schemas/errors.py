"""The base of every error that people are told of: what happened, what to do, and how each face is to show it.

Activities and starter raise subclasses; the command line and the API show any of them without knowing it. An exception
that is not one of these is a mistake of ours, or belongs to a library and is translated at the face.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ErrorKind(StrEnum):
    """What sort of no it is; a face chooses its status or exit code by it."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    """It cannot be done as things stand."""
    INVALID = "invalid"
    """A document or a value that was sent breaks a rule."""
    ARGUMENT = "argument"
    """A parameter of the call is not of its form; `fields` names it."""
    MALFORMED = "malformed"
    """It cannot be read at all."""
    NOT_AUTHENTIC = "not_authentic"
    """Nobody who may has signed it."""
    GONE = "gone"
    """It was there, and is no longer kept."""
    DAMAGED = "damaged"
    """What is kept of it cannot be read."""
    NOT_OPEN = "not_open"
    """Somebody has to set something up first."""
    UNAVAILABLE = "unavailable"
    """A component cannot be reached or is not prepared. Trying again later may help."""
    FAULT = "fault"
    """A mistake in Shelftalk."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to put right in what was sent.

    Attributes:
        path: where, in the words of what was sent: `threads[0].on`, `$.variants[0].price`, `cursor`.
        line, column: where in a document, counted from 1.
    """

    path: str
    message: str
    line: int | None = None
    column: int | None = None


class DomainError(Exception):
    """Why something was not done.

    Attributes:
        code: what programs go by; it does not change.
        kind: what sort of no it is.
        advice: what to do at the command line; empty where the message says so.
        public: the message for those who must not be answered with what they sent; by default the message itself.
        fields: the places that are wrong.
    """

    code: str
    kind: ErrorKind
    advice: str = ""

    def __init__(
        self, message: str, *, advice: str | None = None, public: str | None = None, fields: Sequence[FieldError] = ()
    ) -> None:
        super().__init__(message)
        self.public = public or message
        self.fields = tuple(fields)
        if advice is not None:
            self.advice = advice
