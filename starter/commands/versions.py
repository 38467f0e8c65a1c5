"""`shelftalk conversation save|list|versions|show|diff|rollback|discard`: what is worked on, and what was published."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from schemas.document.conversation import ConversationDocument
from schemas.model import Model
from schemas.responses.operations import RetireChoice, Retired
from schemas.responses.versions import ConversationList, DifferenceReport, Publication, SavedWorking, VersionList
from starter.commands.conversations import File, name_of, read_file, say_given
from starter.commands.in_flight import NoteOption
from starter.commands.terminal.acting import Actor, Yes, agreed, who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import clock, write_json
from starter.commands.terminal.visible import visible
from starter.comparing.differences import find_differences, say_differences
from starter.documents import load_document
from starter.services import Services
from starter.versioning.versions import Versions
from starter.versioning.which import NoSuchVersion, Which

SHORT = 12
"""Digits of a content hash that tell any two versions of a conversation apart."""

Version = Annotated[
    str,
    typer.Argument(metavar="VERSION", help="A conversation's code; CODE@N or CODE@working for another than published."),
]
Conversation = Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its code.")]


class RolledBack(Model):
    """What is published now; `changed` is false when it was published already."""

    conversation: str
    version: str
    number: int
    changed: bool = True


class Discarded(Model):
    """Whose working version is gone."""

    conversation: str


@command
def save(
    terminal: Terminal,
    file: File,
    actor: Actor = None,
    based_on: Annotated[
        str | None, typer.Option("--based-on", help="The content hash of the version that was changed.")
    ] = None,
    write_ids: Annotated[
        bool, typer.Option("--write-ids", help="Write the ids that steps were given into the file too.")
    ] = False,
) -> None:
    """Save a conversation to work on. It reaches nobody until it is published. Steps without an id are given one."""
    text = read_file(file)
    document = load_document(text, name_of(file))
    source, by = text.decode("utf-8-sig"), who(actor)

    async def question(services: Services) -> tuple[SavedWorking, str]:
        saved = await services.versions.save(source, document, by, based_on)
        return saved, (await services.versions.show(Which(document.conversation, working=True))).source

    report, written = terminal.ask(question)
    if write_ids and str(file) != "-":
        file.write_bytes(written.encode())
    terminal.tell(report, _saved)


@command
def list_(terminal: Terminal) -> None:
    """List conversations: what is published of each, and who works on it."""
    terminal.answer(lambda services: services.versions.all(), _conversations)


@command
def versions_(terminal: Terminal, conversation: Conversation) -> None:
    """List the versions of a conversation: when, by whom, why, and how many journeys live by each."""
    terminal.answer(lambda services: services.versions.of(conversation), _versions)


@command
def show(terminal: Terminal, version: Version) -> None:
    """Print a version as YAML, as it was written."""
    shown = terminal.ask(lambda services: services.versions.show(Which.named(version)))
    if terminal.as_json:
        write_json(shown)
    else:
        # Not over rich, which would break lines.
        sys.stdout.write(visible(shown.source if shown.source.endswith("\n") else f"{shown.source}\n"))


@command
def diff(
    terminal: Terminal,
    before: Annotated[str, typer.Argument(metavar="A", help="A version, or a file.")],
    after: Annotated[
        str | None,
        typer.Argument(
            metavar="[B]", help="Another. One alone is compared with the next step: past, published, working or file."
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="With the lines of texts that changed.")] = False,
) -> None:
    """Tell what differs, a sentence for each change."""

    async def question(services: Services) -> DifferenceReport:
        first, second = await _two(services.versions, before, after)
        found = find_differences(first[1], second[1])
        return DifferenceReport(before=first[0], after=second[0], differences=found)

    terminal.answer(question, lambda report: say_differences(report.differences, full=full))


@command
def rollback(
    terminal: Terminal,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Which, like back-in-stock@3.")],
    actor: Actor = None,
    note: NoteOption = None,
    yes: Yes = False,
) -> None:
    """Publish a past version again. Journeys under way keep their version."""
    which = Which.named(version)
    number = which.number
    if number is None:
        raise NoSuchVersion(f"Say which version of '{which.code}' is to come back, like '{which.code}@1'.")
    report = RolledBack(conversation=which.code, version=str(which), number=number)
    if terminal.ask(lambda services: services.versions.conversation(which.code)).published == str(which):
        terminal.tell(report.model_copy(update={"changed": False}), _rolled_back)
        return
    document = terminal.ask(lambda services: services.versions.document(which))
    told_now = terminal.ask(lambda services: services.publishing.in_flight(document)).told_now
    told = f" {told_now} of those who wait are told at once, by its terms." if told_now else ""
    agreed(terminal, f"{which} would be published again; those under way keep their version.{told}", yes=yes)
    by = who(actor)
    most = None if yes else told_now
    published = terminal.ask(
        lambda services: services.versions.rollback(which.code, number, by, note, tells_at_most=most)
    )
    terminal.tell(report.model_copy(update={"changed": published is not None}), _rolled_back)


@command
def retire(
    terminal: Terminal,
    conversation: Conversation,
    in_flight: Annotated[
        RetireChoice | None,
        typer.Option("--in-flight", help="What becomes of journeys under way: they stay to their end, or end now."),
    ] = None,
    actor: Actor = None,
    note: NoteOption = None,
    yes: Yes = False,
) -> None:
    """Let nobody enter a conversation any more; publishing it again brings it back.

    Once nobody is in line, its list is free for another.
    """
    shown = terminal.ask(lambda services: services.retiring.would_retire(conversation))
    if shown.journeys and in_flight is None:
        raise CommandFailed(
            "under_way_undecided",
            f"{shown.journeys} journeys are under way in '{conversation}', {shown.in_line} of them in line.",
            "Nothing was retired. Say what becomes of them: --in-flight stay, and those in line are told as before, "
            "but until the last of them has left, the list takes no other alert of their type; or --in-flight end, and "
            "their places are given up.",
        )
    choice = in_flight or RetireChoice.STAY
    ends = f" {shown.journeys} journeys end, {shown.in_line} of them in line." if choice is RetireChoice.END else ""
    agreed(terminal, f"Nobody would enter '{conversation}' any more.{ends}", yes=yes)
    by = who(actor)
    terminal.answer(lambda services: services.retiring.retire(conversation, choice, by, note), _retired)


@command
def discard(terminal: Terminal, conversation: Conversation, actor: Actor = None, yes: Yes = False) -> None:
    """Throw away what is worked on. What is published stays as it is."""
    shown = terminal.ask(lambda services: services.versions.show(Which(conversation, working=True)))
    agreed(terminal, f"{shown.version} would be gone for good.", yes=yes)
    by = who(actor)
    terminal.ask(lambda services: services.versions.discard(conversation, by))
    done = Discarded(conversation=conversation)
    terminal.tell(done, lambda report: f"Nobody works on '{report.conversation}' any more.")


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


def _saved(report: SavedWorking) -> str:
    if not report.changed:
        return f"This very text of '{report.conversation}' is saved already, by {report.saved_by}."
    return (
        f"Saved '{report.conversation}' to work on; it reaches nobody until it is published. "
        f"Content hash: {report.content_hash}{say_given(report.given_ids)}"
    )


def _rolled_back(report: RolledBack) -> str:
    if not report.changed:
        return f"{report.version} is the published version already; nothing has changed."
    return f"{report.version} is published again."


def _retired(report: Retired) -> str:
    told = f"Nobody enters '{report.conversation}' any more; publishing it again brings it back."
    if report.operation is not None:
        return f"{told} Of those under way tells `shelftalk operation show {report.operation} --watch`."
    if not report.journeys:
        return told
    line = (
        " Until nobody is left in line, its list takes no other alert of the same type; "
        f"`shelftalk conversation retire {report.conversation} --in-flight end` ends their journeys."
    )
    return f"{told} Journeys under way go on to their end: {report.journeys}.{line if report.in_line else ''}"


def _conversations(report: ConversationList) -> Table | str:
    if not report.conversations:
        return "There is no conversation yet."
    table = Table(
        "conversation",
        "name",
        "published",
        "since (UTC)",
        "open",
        "worked on by, since (UTC)",
        box=None,
        pad_edge=False,
    )
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
        # Every time it was published, the newest first; older releases kept only the first.
        last, *before = each.publications[::-1] or (Publication(at=each.published_at, by=each.published_by or "–"),)
        state = "published" if each.published else ""
        content, opened = each.content_hash[:SHORT], str(each.open_journeys)
        table.add_row(each.version, clock(last.at), last.by, last.note or "–", content, opened, state)
        for earlier in before:
            table.add_row("", clock(earlier.at), earlier.by, earlier.note or "–", "", "", "")
    return table
