"""`shelftalk conversation`: checking and publishing conversation documents."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from schemas.model import Model
from starter.commands.asking import ask
from starter.commands.failures import CommandFailed
from starter.commands.terminal import AsJson, DataDir, ExitCode, tell
from starter.documents import CheckReport, check, load_document
from starter.operations import Operations
from starter.publishing import Published
from starter.schema import conversation_schema

app = typer.Typer(help="Check and publish conversations.", no_args_is_help=True)

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes read; far above the largest document, so that its own limit is what is told."""

File = Annotated[Path, typer.Argument(help="A conversation as YAML; - for standard input.")]


class PublishedReport(Model):
    """What was published; `new` is false when this very content was published before."""

    version: str
    conversation: str
    number: int
    new: bool

    @classmethod
    def of(cls, published: Published) -> "PublishedReport":
        return cls(
            version=published.version_id,
            conversation=published.conversation,
            number=published.number,
            new=published.new,
        )


@app.command("check")
def check_(file: File, as_json: AsJson = False) -> None:
    """Explain every mistake in a conversation, and rehearse its scenarios, by path and line. Needs nothing running."""
    report = check(_read(file), _name(file))
    tell(report, _checked, as_json=as_json)
    if not report.ok or report.differences:
        raise typer.Exit(ExitCode.FAILED)


@app.command("schema")
def schema_() -> None:
    """Print the JSON Schema of conversations, for an editor. Needs nothing running."""
    sys.stdout.write(conversation_schema())


@app.command("publish")
def publish_(file: File, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Publish a conversation. Journeys under way keep their version; new ones get this one."""
    document = load_document(_read(file), _name(file))

    async def question(operations: Operations) -> PublishedReport:
        return PublishedReport.of(await operations.publish(document))

    tell(ask(question, data_dir), _published, as_json=as_json)


def _read(file: Path) -> bytes:
    try:
        if str(file) == "-":
            return typer.get_binary_stream("stdin").read(LARGEST_FILE)
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE)
    except OSError as error:
        raise CommandFailed("cannot_read", f"{file} cannot be read: {error.strerror}.", exit_=ExitCode.USAGE) from None


def _name(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def _checked(report: CheckReport) -> str:
    lines = [str(each) for each in (*report.mistakes, *report.differences)]
    lines += [f"{note} (a note)" for note in report.notes]
    match len(report.mistakes):
        case 0:
            lines.append(f"{report.source} can be published.{_rehearsed(report)}")
        case 1:
            lines.append("1 mistake.")
        case count:
            lines.append(f"{count} mistakes.")
    return "\n".join(lines)


def _rehearsed(report: CheckReport) -> str:
    """What became of its scenarios."""
    count = f"{report.scenarios} scenario{'' if report.scenarios == 1 else 's'}"
    if not report.scenarios:
        return ""
    if not report.differences:
        return f" {count} as expected."
    return f" {count}, and not all as expected: {len(report.differences)} differences."


def _published(report: PublishedReport) -> str:
    if not report.new:
        return f"{report.version} holds this very content already; it is the published version."
    return f"Published {report.version}. Journeys under way keep their version; who signs up from now on gets this one."
