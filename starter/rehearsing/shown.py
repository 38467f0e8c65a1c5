"""The report of a rehearsal as text for people: what happened as a table, and the messages below it."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from starter.rehearsing.tell import RehearsalReport, RehearsedContact
from workflows.interpreter.path_recorder import MOST_STAYS


def rehearsal_for_people(report: RehearsalReport) -> Group:
    """The whole rehearsal, with the messages below it."""
    head = f"{report.scenario} ({report.version or report.conversation}), by the clock of {report.time_zone}"
    if len(report.contacts) > 1:
        return Group(Text(head), _contacts(report), Text(), _lines(report), *_messages(report), *_differences(report))
    if report.not_entered is not None:
        reason = f"They are not entered: {report.not_entered.sentence} ({report.not_entered})"
        return Group(Text(head), Text(reason), *_differences(report))
    return Group(Text(head), _lines(report), Text(_ending(report)), *_messages(report), *_differences(report))


def _contacts(report: RehearsalReport) -> Table:
    """Who was told, and why the others were not."""
    table = Table("who", "entered", "told", "why not", "end", box=None, pad_edge=False)
    for each in report.contacts:
        told = "" if each.told_at is None else _clock(each.told_at, report)
        why_not = "" if each.not_told is None else f"{each.not_told.sentence} ({each.not_told})"
        entered = "not entered" if each.not_entered is not None else _clock(each.entered_at, report)
        table.add_row(each.name, entered, told, why_not, "" if each.not_entered is not None else _end(each, report))
    return table


def _lines(report: RehearsalReport) -> Table:
    several = len(report.contacts) > 1
    table = Table(
        f"time ({report.time_zone})",
        "since",
        *(("who",) if several else ()),
        "step",
        "what",
        "verdict",
        box=None,
        pad_edge=False,
    )
    for line in report.lines:
        step = "" if line.step is None else line.step
        step += f": '{line.sent.message}'" if line.sent is not None and line.sent.message != line.step else ""
        who = (line.who or "",) if several else ()
        table.add_row(_clock(line.at, report), line.since, *who, step, line.what, line.verdict)
    return table


def _messages(report: RehearsalReport) -> Iterator[Text | Padding]:
    for line in report.lines:
        if line.sent is not None:
            to = f" to {line.who}" if line.who is not None else ""
            yield Text(f"\n{_clock(line.at, report)}  {line.sent.message}{to}: {line.sent.subject}")
            yield Padding(Text(line.sent.text.rstrip()), (0, 0, 0, 4))


def _ending(report: RehearsalReport) -> str:
    if report.endless:
        return f"It goes round and round: it was followed for {MOST_STAYS} steps."
    if report.ending is None:
        return "It rests there until somebody does something."
    reason = f": {report.reason.sentence} ({report.reason})" if report.reason is not None else "."
    at = f" {_clock(report.ended_at, report)}" if report.ended_at is not None else ""
    return f"It {report.ending}{at}{reason}"


def _end(contact: RehearsedContact, report: RehearsalReport) -> str:
    """The same in a cell."""
    if contact.endless:
        return f"goes round and round, followed for {MOST_STAYS} steps"
    if contact.ending is None:
        return "rests until somebody does something"
    at = f" {_clock(contact.ended_at, report)}" if contact.ended_at is not None else ""
    return f"{contact.ending}{at}{f' ({contact.reason})' if contact.reason is not None else ''}"


def _differences(report: RehearsalReport) -> list[Text]:
    return [Text(f"\n{each}" if index == 0 else each) for index, each in enumerate(report.differences)]


def _clock(at: datetime, report: RehearsalReport) -> str:
    return f"{at.astimezone(ZoneInfo(report.time_zone)):%a %Y-%m-%d %H:%M}"
