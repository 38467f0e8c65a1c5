"""`shelftalk conversation`: checking and publishing conversation documents."""

import getpass
import re
import sys
from pathlib import Path
from typing import Annotated, assert_never

import typer

from schemas.document.conversation import ConversationDocument
from schemas.model import Model
from schemas.responses.operations import Choice
from schemas.responses.versions import GivenId
from starter.authoring.schema import conversation_schema
from starter.commands.in_flight import NoteOption, UnderWayOption, agreed_to_tell, decided
from starter.commands.terminal.acting import Actor, Yes
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed, explain
from starter.commands.terminal.output import ExitCode
from starter.documents import CheckReport, InstallationReport, check, load_document
from starter.services import Services
from starter.versioning.bulk import Decision
from starter.versioning.publishing import Published

app = typer.Typer(help="Check and publish conversations.", no_args_is_help=True)

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes read; far above the largest document, so that its own limit is what is told."""

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

_MOST_TOLD = 20
"""Ids told of in one line."""

File = Annotated[Path, typer.Argument(help="A conversation as YAML; - for standard input.")]


class PublishedReport(Model):
    """What was published; `new` is false when this very content was published before.

    Attributes:
        in_flight: what was decided for those under way on other versions; None: there were none.
        operation: what carries that out; None where they stay.
        given_ids: to the steps that had none.
        warnings: what is not sent, for its offer has lapsed by then; where nobody can enter, as things are now.
    """

    version: str
    conversation: str
    number: int
    new: bool
    in_flight: Choice | None = None
    operation: int | None = None
    given_ids: tuple[GivenId, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, published: Published, in_flight: Choice | None = None) -> "PublishedReport":
        return cls(
            version=published.version_id,
            conversation=published.conversation,
            number=published.number,
            new=published.new,
            in_flight=in_flight,
            operation=published.operation,
            given_ids=published.given_ids,
            warnings=published.warnings,
        )


@app.command("check")
@command
def check_(terminal: Terminal, file: File) -> None:
    """Explain every mistake in a conversation, by path and line, and rehearse its scenarios. Needs nothing running.

    Where an installation is known, it says too what publishing would meet there.
    """
    text = read_file(file)
    report = check(text, name_of(file))
    if report.ok and terminal.knows_installation():
        report = _tried_out(terminal, report, load_document(text, name_of(file)))
    terminal.tell(report, _checked)
    if not report.ok or report.differences:
        raise typer.Exit(ExitCode.FAILED)


def _tried_out(terminal: Terminal, report: CheckReport, document: ConversationDocument) -> CheckReport:
    """With what the installation says of it."""
    try:
        met = terminal.ask(lambda services: services.publishing.try_out(document))
    except Exception as error:  # noqa: BLE001 the document is checked all the same, whatever keeps the installation away
        unasked = InstallationReport(not_asked=explain(error).message)
        return report.model_copy(update={"installation": unasked})
    installation = InstallationReport(refused=met.refused, warnings=met.warnings)
    return report.model_copy(update={"installation": installation, "ok": met.refused is None})


@app.command("schema")
def schema_() -> None:
    """Print the JSON Schema of conversations, for an editor. Needs nothing running."""
    sys.stdout.write(conversation_schema())


@app.command("publish")
@command
def publish_(
    terminal: Terminal,
    file: Annotated[
        Path,
        typer.Argument(help="A conversation as YAML; - for standard input; or the code of one with a working version."),
    ],
    in_flight: UnderWayOption = None,
    despite_scenarios: Annotated[
        bool, typer.Option("--despite-scenarios", help="Also where its own scenarios do not go as they expect.")
    ] = False,
    actor: Actor = None,
    note: NoteOption = None,
    yes: Yes = False,
) -> None:
    """Publish a file, or the working version of a CODE, and say what becomes of journeys on another version."""
    document, text = _to_publish(terminal, file)
    if not despite_scenarios:
        terminal.ask(lambda services: services.publishing.hold_to_scenarios(document))
    shown = terminal.ask(lambda services: services.publishing.in_flight(document))
    agreed_to_tell(terminal, shown, yes=yes)
    choice = decided(terminal, shown, in_flight, yes=yes)
    decision = Decision(choice, actor or getpass.getuser(), note)

    async def question(services: Services) -> PublishedReport:
        # They were rehearsed before the questions.
        published = await services.publishing.publish(document, decision, source=text, despite_scenarios=True)
        return PublishedReport.of(published, choice if shown.journeys or published.operation else None)

    terminal.answer(question, _published)


def _to_publish(terminal: Terminal, file: Path) -> tuple[ConversationDocument, str]:
    """A file's document and text; or the working version's, where no file has the name and a conversation may."""
    code = str(file)
    if _CODE.fullmatch(code) and not file.exists():
        return terminal.ask(lambda services: services.versions.working(code))
    text = read_file(file)
    return load_document(text, name_of(file)), text.decode("utf-8-sig")


def read_file(file: Path, most: int = LARGEST_FILE) -> bytes:
    """What is in a file, or came over standard input; of a larger one, so many bytes.

    Raises:
        CommandFailed: it cannot be read.
    """
    try:
        if str(file) == "-":
            return typer.get_binary_stream("stdin").read(most)
        with file.open("rb") as opened:
            return opened.read(most)
    except OSError as error:
        raise CommandFailed("cannot_read", f"{file} cannot be read: {error.strerror}.", exit_=ExitCode.USAGE) from None


def name_of(file: Path) -> str:
    """What a file is called in mistakes."""
    return "standard input" if str(file) == "-" else str(file)


def _checked(report: CheckReport) -> str:
    lines = [str(each) for each in (*report.diagnostics, *report.differences)]
    lines += [f"{note} (a note)" for note in report.warnings]
    lines += [f"{link} (a link away)" for link in report.links]
    lines += [
        f"{report.file}: for some product or contact message '{each.message}' has no {', '.join(each.may_be_absent)}"
        for each in report.messages
    ]
    met = report.installation
    if met is not None:
        lines += [f"{report.file}: {note} (a note, of this installation)" for note in met.warnings]
        lines += [f"The installation could not be asked: {met.not_asked}"] if met.not_asked else []
    match len(report.diagnostics) + report.more:
        case 0 if met is not None and met.refused is not None:
            lines.append(f"{report.file}: {met.refused}")
            lines.append(f"This installation would refuse it.{_rehearsed(report)}")
        case 0 if report.differences:
            lines.append(
                f"{report.file} has no mistakes.{_rehearsed(report)} It is published with --despite-scenarios only."
            )
        case 0:
            lines.append(f"{report.file} can be published.{_rehearsed(report)}")
        case 1:
            lines.append("1 mistake.")
        case count:
            lines.append(f"{count} mistakes.{' These are the first of them.' if report.more else ''}")
    return "\n".join(lines)


def _rehearsed(report: CheckReport) -> str:
    """What became of its scenarios."""
    count = f"{report.scenarios} scenario{'' if report.scenarios == 1 else 's'}"
    if not report.scenarios:
        return ""
    if not report.differences:
        return f" {count} as expected."
    differences = len(report.differences)
    return f" {count}, and not all as expected: {differences} difference{'' if differences == 1 else 's'}."


def say_given(given: tuple[GivenId, ...]) -> str:
    """Which ids steps were given, and where they are to be seen; nothing, where all had one."""
    if not given:
        return ""
    named = ", ".join(each.id for each in given[:_MOST_TOLD]) + (" …" if len(given) > _MOST_TOLD else "")
    what = "A step had no id and was given one, which it keeps" if len(given) == 1 else "Steps without an id were given"
    return f"\n{what}: {named}. `shelftalk conversation show` prints the text with them."


def _published(report: PublishedReport) -> str:
    if report.new:
        told = f"Published {report.version}; who enters from now on gets this one.{say_given(report.given_ids)}"
    else:
        told = f"{report.version} holds this very content already; it is the published version."
    notes = "".join(f"\nNote: {each}" for each in report.warnings)
    match report.in_flight:
        case None:
            return f"{told}{notes}"
        case Choice.STAY:
            return f"{told} Journeys under way keep their version.{notes}"
        case Choice.MOVE | Choice.END:
            return f"{told} Of those under way tells `shelftalk operation show {report.operation} --watch`.{notes}"
        case _:
            assert_never(report.in_flight)
