"""What the commands say when something did not work: what happened, what to do, and a code that scripts can go by."""

import sys

import asyncpg
import typer
from pydantic import ValidationError
from temporalio.service import RPCError

from activities.archive.archive import ArchiveUnavailable, HistoryCorrupt
from activities.postgres.migrate import MigrationRefused
from activities.postgres.pool import DatabaseUnavailable
from activities.waitlist.enlist import Declined, NoAlert
from activities.waitlist.intake import UnknownVariant
from schemas.model import Model
from schemas.settings import Settings
from starter.commands.terminal import ExitCode
from starter.components import NotPrepared, TemporalUnavailable
from starter.devstack.failures import DevstackError
from starter.documents import DocumentInvalid
from starter.journeys import BadCursor, JourneyEnded, NoSuchJourney
from starter.keys import KeyExists
from starter.operations import NotConfigured
from starter.processes import Stopped
from starter.publishing import AlertTaken, ListUnknown
from starter.replay import HistoryGone, ReplayFailed


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
        sys.stdout.write(FailureDocument(error=failure).model_dump_json(indent=2) + "\n")
        return
    sys.stderr.write(f"{failure.message}\n")
    if failure.advice:
        sys.stderr.write(f"{failure.advice}\n")


def explain(error: BaseException) -> Failure:
    """The failure that an exception means."""
    match error:
        case CommandFailed():
            return error.failure
        case typer.TyperException():
            return Failure(
                code="usage",
                message=error.format_message() or "No command was given.",
                advice="See `shelftalk --help` and `shelftalk COMMAND --help`.",
                exit=ExitCode.USAGE,
            )
        case Stopped() | KeyboardInterrupt():
            return Failure(code="interrupted", message="Stopped before it was done.", exit=ExitCode.INTERRUPTED)
        case _:
            return _asked(error) or _unavailable(error) or _fault(error)


def _asked(error: BaseException) -> Failure | None:
    """What was asked for is not there, or cannot be done."""
    match error:
        case NoSuchJourney():
            return _failed("no_such_journey", f"There is no journey {error}.", "`shelftalk journey list` shows them.")
        case JourneyEnded():
            return _failed("journey_ended", f"Journey {error} has ended; there is nothing left to cancel.")
        case HistoryGone():
            return _failed(
                "history_gone",
                f"Journey {error} has ended, and neither Temporal nor the archive has its history.",
                "How it ended is still on record: `shelftalk journey show`.",
            )
        case HistoryCorrupt():
            return _failed("history_corrupt", str(error))
        case ReplayFailed():
            return Failure(
                code="replay_failed",
                message=f"The history does not replay on this release: {error}",
                advice="Please report it; `shelftalk journey show` still tells how the journey stands.",
                exit=ExitCode.FAULT,
            )
        case UnknownVariant():
            return _failed(
                "unknown_variant",
                f"Nothing is known of {error}.",
                "Its storefront has not told of it yet; `shelftalk product set` puts it in by hand.",
            )
        case Declined():
            return _failed("not_enlisted", str(error))
        case NoAlert():
            return _failed("no_alert", str(error), "Publish one: `shelftalk conversation publish FILE`.")
        case AlertTaken():
            return _failed("alert_taken", str(error))
        case ListUnknown():
            return _failed("no_such_list", str(error))
        case DocumentInvalid():
            return _failed("document_invalid", str(error))
        case KeyExists():
            return _failed("key_exists", f"There is, or was, an API key '{error}'; names are not used twice.")
        case BadCursor():
            return Failure(code="bad_cursor", message=f"'{error}' is no page's `next`.", exit=ExitCode.USAGE)
        case ValidationError() if error.title == Settings.__name__:
            return Failure(code="bad_setting", message=_settings_mistakes(error), exit=ExitCode.USAGE)
        case _:
            return None


def _unavailable(error: BaseException) -> Failure | None:
    """A component is not there, or not as it must be."""
    match error:
        case DevstackError():
            return _out("cannot_start", str(error))
        case NotConfigured():
            return _out("not_configured", str(error), "Set it, or start everything here: `shelftalk up`.")
        case DatabaseUnavailable():
            return _out("database_unavailable", str(error))
        case ArchiveUnavailable():
            return _out("archive_unavailable", str(error))
        case TemporalUnavailable():
            return _out("temporal_unavailable", str(error))
        case MigrationRefused() | NotPrepared():
            return _out("not_prepared", str(error))
        case RPCError():
            return _out(
                "temporal_unavailable",
                f"Temporal does not answer as it should ({error.status.name}).",
                "`shelftalk doctor` tells what is reachable.",
            )
        case RuntimeError() if "Failed client connect" in str(error):
            return _out(
                "temporal_unavailable", "Temporal cannot be reached.", "`shelftalk doctor` tells what is reachable."
            )
        case asyncpg.UndefinedTableError():
            return _out("not_prepared", "The database has no tables of Shelftalk.", "Run `shelftalk migrate` once.")
        case asyncpg.PostgresConnectionError() | asyncpg.CannotConnectNowError() | asyncpg.InterfaceError():
            return _out(
                "database_unavailable",
                f"The connection to PostgreSQL was lost ({type(error).__name__}).",
                "`shelftalk doctor` tells what is reachable.",
            )
        case OSError():
            where = f" ({error.filename})" if error.filename else ""
            return _out("system_refused", f"The system refused: {error.strerror or type(error).__name__}{where}.")
        case _:
            return None


def _fault(error: BaseException) -> Failure:
    return Failure(
        code="fault",
        message=f"Shelftalk made a mistake: {type(error).__name__}: {error}",
        advice="Please report it, with what SHELFTALK_LOG_LEVEL=debug shows beside it.",
        exit=ExitCode.FAULT,
    )


def _failed(code: str, message: str, advice: str = "") -> Failure:
    return Failure(code=code, message=message, advice=advice, exit=ExitCode.FAILED)


def _out(code: str, message: str, advice: str = "") -> Failure:
    return Failure(code=code, message=message, advice=advice, exit=ExitCode.UNAVAILABLE)


def _settings_mistakes(error: ValidationError) -> str:
    """By the variable's name; the value stays unsaid, it may be a secret."""
    return "\n".join(
        f"The environment variable {_variable(str(each['loc'][0]))} is wrong: {each['msg']}." for each in error.errors()
    )


def _variable(field: str) -> str:
    return field if field.isupper() else f"SHELFTALK_{field.upper()}"
