"""`shelftalk conversation save|list|versions|show|diff|rollback|discard`: what is worked on, and what was published."""

import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from schemas.conversation import ConversationDocument
from schemas.model import Model
from schemas.versions import ConversationList, DifferenceReport, SavedWorking, ShownVersion, VersionList
from starter.commands.acting import Actor, Yes, agreed
from starter.commands.asking import ask
from starter.commands.conversations import File, name_of, read_file, say_given
from starter.commands.failures import CommandFailed
from starter.commands.terminal import AsJson, DataDir, clock, tell
from starter.commands.under_way import NoteOption
from starter.differences import find_differences, say_differences
from starter.documents import load_document
from starter.operations import Operations
from starter.versions import NoSuchVersion, SavedMeanwhile, Versions, Which

SHORT = 12
"""Digits of a content hash that tell any two versions of a conversation apart."""

Answer = TypeVar("Answer")
Version = Annotated[
    str,
    typer.Argument(metavar="VERSION", help="A conversation's code; CODE@N or CODE@working for another than published."),
]
Conversation = Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its code.")]


class RolledBack(Model):
    """What is published now."""

    conversation: str
    version: str
    number: int


class Discarded(Model):
    """Whose working version is gone."""

    conversation: str


def save(
    file: File,
    actor: Actor = None,
    based_on: Annotated[
        str | None, typer.Option("--based-on", help="The content hash of the version that was changed.")
    ] = None,
    write_ids: Annotated[
        bool, typer.Option("--write-ids", help="Write the ids that steps were given into the file too.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Save a conversation to work on. It reaches nobody until it is published. Steps without an id are given one."""
    text = read_file(file)
    document = load_document(text, name_of(file))

    async def question(versions: Versions) -> tuple[SavedWorking, str]:
        saved = await versions.save(text.decode("utf-8-sig"), document, _who(actor), based_on)
        return saved, (await versions.show(Which(document.conversation, working=True))).source

    report, source = _ask(question, data_dir)
    if write_ids and str(file) != "-":
        file.write_bytes(source.encode())
    tell(report, _saved, as_json=as_json)


def list_(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List conversations: what is published of each, and who works on it."""
    tell(_ask(lambda versions: versions.all(), data_dir), _conversations, as_json=as_json)


def versions_(conversation: Conversation, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the versions of a conversation: when, by whom, why, and how many journeys live by each."""
    tell(_ask(lambda versions: versions.of(conversation), data_dir), _versions, as_json=as_json)


def show(version: Version, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Print a version as YAML, as it was written."""
    shown = _ask(lambda versions: versions.show(Which.named(version)), data_dir)
    if as_json:
        tell(shown, ShownVersion.__str__, as_json=True)
    else:
        # Not over rich, which would break lines.
        sys.stdout.write(shown.source if shown.source.endswith("\n") else f"{shown.source}\n")


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A version, or a file.")],
    after: Annotated[
        str | None,
        typer.Argument(
            metavar="[B]", help="Another. One alone is compared with the next step: past, published, working or file."
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="With the lines of texts that changed.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Tell what differs, a sentence for each change."""

    async def question(versions: Versions) -> DifferenceReport:
        first, second = await _two(versions, before, after)
        found = find_differences(first[1], second[1])
        return DifferenceReport(before=first[0], after=second[0], differences=found)

    tell(_ask(question, data_dir), lambda report: say_differences(report.differences, full=full), as_json=as_json)


def rollback(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Which, like back-in-stock@3.")],
    actor: Actor = None,
    note: NoteOption = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Publish a past version again. Journeys under way keep their version."""

    async def look(versions: Versions) -> Which:
        which = Which.named(version)
        if which.number is None:
            raise NoSuchVersion(f"Say which version of '{which.code}' is to come back, like '{which.code}@1'.")
        await versions.show(which)
        return which

    which = _ask(look, data_dir)
    agreed(f"{which} would be published again; those under way keep their version.", yes=yes, as_json=as_json)

    async def do(versions: Versions) -> RolledBack:
        published = await versions.rollback(which.code, which.number or 0, _who(actor), note)
        return RolledBack(conversation=which.code, version=published.version_id, number=published.number)

    tell(_ask(do, data_dir), lambda report: f"{report.version} is published again.", as_json=as_json)


def discard(
    conversation: Conversation,
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Throw away what is worked on. What is published stays as it is."""
    shown = _ask(lambda versions: versions.show(Which(conversation, working=True)), data_dir)
    agreed(f"{shown.version} would be gone for good.", yes=yes, as_json=as_json)

    async def do(versions: Versions) -> Discarded:
        await versions.discard(conversation, _who(actor))
        return Discarded(conversation=conversation)

    tell(_ask(do, data_dir), lambda report: f"Nobody works on '{report.conversation}' any more.", as_json=as_json)


def _ask(question: Callable[[Versions], Awaitable[Answer]], data_dir: Path | None) -> Answer:
    async def of(operations: Operations) -> Answer:
        return await question(Versions(operations.pool))

    try:
        return ask(of, data_dir)
    except NoSuchVersion as error:
        raise CommandFailed("no_such_version", str(error)) from None
    except SavedMeanwhile as error:
        raise CommandFailed("saved_meanwhile", str(error), "Say it with --based-on HASH.") from None


async def _two(
    versions: Versions, before: str, after: str | None
) -> tuple[tuple[str, ConversationDocument], tuple[str, ConversationDocument]]:
    """What is compared with what. One alone: a past version with the published one, that with what is worked on, and
    with what is in a file.
    """
    first = await _document(versions, before)
    if after is not None:
        return first, await _document(versions, after)
    published = Which(first[1].conversation)
    if _is_file(before) or Which.named(before).working:
        return (str(published), await versions.document(published)), first
    other = Which(published.code, working=Which.named(before).number is None)
    return first, (str(other), await versions.document(other))


async def _document(versions: Versions, named: str) -> tuple[str, ConversationDocument]:
    if _is_file(named):
        file = Path(named)
        return name_of(file), load_document(read_file(file), name_of(file))
    which = Which.named(named)
    return str(which), await versions.document(which)


def _is_file(named: str) -> bool:
    return named == "-" or "/" in named or "." in named


def _who(actor: str | None) -> str:
    name = (actor or getpass.getuser()).strip()
    if not 0 < len(name) <= 200:
        raise typer.BadParameter("write 1 to 200 characters", param_hint="--by")
    return name


def _saved(report: SavedWorking) -> str:
    if not report.changed:
        return f"This very text of '{report.conversation}' is saved already, by {report.saved_by}."
    return (
        f"Saved '{report.conversation}' to work on; it reaches nobody until it is published. "
        f"Content hash: {report.content_hash}{say_given(report.given_ids)}"
    )


def _conversations(report: ConversationList) -> Table | str:
    if not report.conversations:
        return "There is no conversation yet."
    table = Table("conversation", "name", "published", "since (UTC)", "open", "worked on by", box=None, pad_edge=False)
    for each in report.conversations:
        working = f"{each.working.saved_by}, {clock(each.working.saved_at)}" if each.working else "–"
        since, opened = clock(each.published_at), str(each.open_journeys)
        table.add_row(each.conversation, each.name, each.published or "–", since, opened, working)
    return table


def _versions(report: VersionList) -> Table:
    table = Table("version", "published (UTC)", "by", "note", "content", "open", "", box=None, pad_edge=False)
    if (working := report.working) is not None:
        table.add_row("working", clock(working.saved_at), working.saved_by, "–", working.content_hash[:SHORT], "–", "")
    for each in report.versions:
        last = each.publications[-1] if each.publications else None
        table.add_row(
            each.version,
            clock(last.at if last else each.published_at),
            (last.by if last else each.published_by) or "–",
            (last.note if last else None) or "–",
            each.content_hash[:SHORT],
            str(each.open_journeys),
            "published" if each.published else "",
        )
    return table
