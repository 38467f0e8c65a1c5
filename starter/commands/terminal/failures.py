"""What the commands say when something did not work: what happened, what to do, and a code that scripts can go by."""

import re
from typing import assert_never

import asyncpg
import typer
from pydantic import ValidationError
from temporalio.service import RPCError

from activities.postgres.away import POSTGRES_AWAY
from schemas.errors import DomainError, ErrorKind
from schemas.mistakes import mistake_in_words
from schemas.model import Model
from schemas.settings import Settings
from starter.commands.terminal.output import ExitCode, say, write_json
from starter.runtime.process import Stopped

_NEGATIVE = re.compile(r"No such option: -[0-9].*")
"""A negative number that was taken for an option."""
_ASK_THE_DOCTOR = "`shelftalk doctor` tells what is reachable."


class Failure(Model):
    """Why a command did not do what it was asked.

    Attributes:
        code: what scripts go by; it does not change.
        message: what happened and whose fault it is.
        advice: what to do about it; empty where the message says so.
        exit: the exit code.
    """

    code: str
    message: str
    advice: str = ""
    exit: ExitCode


class FailureDocument(Model):
    """The JSON form of a failure."""

    error: Failure


class CommandFailed(Exception):
    """A command found that it cannot do what it was asked; it says so itself."""

    def __init__(self, code: str, message: str, advice: str = "", exit_: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.failure = Failure(code=code, message=message, advice=advice, exit=exit_)


def report(failure: Failure, *, as_json: bool) -> None:
    """Say it: as JSON on standard output, or for people on standard error."""
    if as_json:
        write_json(FailureDocument(error=failure))
        return
    say(failure.message)
    if failure.advice:
        say(failure.advice)


def explain(error: BaseException) -> Failure:
    """The failure that an exception means."""
    match error:
        case CommandFailed():
            return error.failure
        case DomainError():
            return Failure(code=error.code, message=str(error), advice=error.advice, exit=_exit_of(error.kind))
        case typer.TyperException():
            return _usage(error)
        case Stopped() | KeyboardInterrupt():
            return Failure(code="interrupted", message="Stopped before it was done.", exit=ExitCode.INTERRUPTED)
        case ValidationError() if error.title == Settings.__name__:
            return Failure(code="bad_setting", message=_settings_mistakes(error), exit=ExitCode.USAGE)
        case _:
            return _unavailable(error) or _fault(error)


def said(error: ValidationError) -> str:
    """Every value that a model did not take, and why, without the library's own words around it."""
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {mistake_in_words(each)}" for each in error.errors())


def _usage(error: typer.TyperException) -> Failure:
    """A wrong command line: what was missed, and what to type."""
    message = _told(error) or "No command was given."
    advice = "See `shelftalk --help` and `shelftalk COMMAND --help`."
    if _NEGATIVE.fullmatch(message):
        advice = "If that is a number, put it last, after `--`: `shelftalk stock set --store STORE --variant ID -- -2`."
    if isinstance(error, typer.BadParameter) and (context := error.ctx) is not None:
        required = [each for each in context.command.params if each.required]
        options = [each for each in required if each.param_type_name == "option"]
        if error.param is not None and error.param.param_type_name == "argument":
            # Options are read before arguments, so those that are not there by now were left out, and what was meant
            # for them may be what is wrong here.
            missing = "".join(
                f"Missing option '{each.opts[0]}'. " for each in options if each.name not in context.params
            )
            message = missing + message
        arguments = [each.metavar or each.name.upper() for each in required if each not in options]
        values = [f"{each.opts[0]} {each.metavar or each.name.upper()}" for each in options]
        typed = " ".join([context.command_path, *arguments, *values])
        advice = f"Type `{typed}`; see `{context.command_path} --help`."
    return Failure(code="usage", message=message, advice=advice, exit=ExitCode.USAGE)


def _exit_of(kind: ErrorKind) -> ExitCode:
    match kind:
        case ErrorKind.ARGUMENT:
            return ExitCode.USAGE
        case ErrorKind.UNAVAILABLE:
            return ExitCode.UNAVAILABLE
        case ErrorKind.FAULT:
            return ExitCode.FAULT
        case (
            ErrorKind.NOT_FOUND
            | ErrorKind.CONFLICT
            | ErrorKind.INVALID
            | ErrorKind.MALFORMED
            | ErrorKind.NOT_AUTHENTIC
            | ErrorKind.GONE
            | ErrorKind.DAMAGED
            | ErrorKind.NOT_OPEN
        ):
            return ExitCode.FAILED
        case _:
            assert_never(kind)


def _unavailable(error: BaseException) -> Failure | None:
    """A component is not there, as the library that asks it says."""
    match error:
        case RPCError():
            told = f"Temporal does not answer as it should ({error.status.name})."
            return _out("temporal_unavailable", told, _ASK_THE_DOCTOR)
        case RuntimeError() if "Failed client connect" in str(error):
            return _out("temporal_unavailable", "Temporal cannot be reached.", _ASK_THE_DOCTOR)
        case asyncpg.UndefinedTableError():
            return _out("not_prepared", "The database has no tables of Shelftalk.", "Run `shelftalk migrate` once.")
        case OSError() if not isinstance(error, ConnectionError | TimeoutError):
            where = f" ({error.filename})" if error.filename else ""
            return _out("system_refused", f"The system refused: {error.strerror or type(error).__name__}{where}.")
        case _ if isinstance(error, POSTGRES_AWAY):
            told = f"PostgreSQL cannot be used just now ({type(error).__name__})."
            return _out("database_unavailable", told, _ASK_THE_DOCTOR)
        case _:
            return None


def _fault(error: BaseException) -> Failure:
    return Failure(
        code="fault",
        message=f"Shelftalk made a mistake: {type(error).__name__}: {error}",
        advice="Please report it, with what SHELFTALK_LOG_LEVEL=debug shows beside it.",
        exit=ExitCode.FAULT,
    )


def _out(code: str, message: str, advice: str = "") -> Failure:
    return Failure(code=code, message=message, advice=advice, exit=ExitCode.UNAVAILABLE)


def _settings_mistakes(error: ValidationError) -> str:
    """By the variable's name; the value stays unsaid, it may be a secret."""
    return "\n".join(
        f"The environment variable {_variable(str(each['loc'][0]))} is wrong: {mistake_in_words(each)}."
        for each in error.errors()
    )


def _told(error: typer.TyperException) -> str:
    """What is wrong with a command line, without the words of the library that looks at the values."""
    told, cause = error.format_message(), error.__cause__
    if isinstance(cause, ValidationError):
        told = told.replace(error.message, f"{mistake_in_words(cause.errors()[0])}.")
    return told


def _variable(field: str) -> str:
    return field if field.isupper() else f"SHELFTALK_{field.upper()}"
