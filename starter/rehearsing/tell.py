"""The report of a rehearsal: each step, verdict, message and moment, as text for people and as one JSON document."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas.document.profiles import Ordered
from schemas.document.scenarios import HappeningSection
from schemas.journey.outcome import Deferred, Outcome, describe
from schemas.journey.path import PathEntry, describe_exit
from schemas.model import Model
from schemas.reasons import Ending, Reason
from starter.rehearsing.expecting import find_unmet_expectations, since
from starter.rehearsing.run import Rehearsed, ended_at
from starter.rehearsing.simulated_shop import SentMessage
from starter.rehearsing.timeline import Due, OfferLapses, ZeroPriceHolds
from workflows.compiler.diagnostics import Path, format_path
from workflows.interpreter.path_recorder import MOST_STAYS


class RehearsedMessage(Model):
    """A message as the contact would read it."""

    message: str
    subject: str | None
    text: str
    html: str | None = None


class RehearsedLine(Model):
    """One moment of a rehearsal.

    Attributes:
        at: when, in virtual time.
        since: how long after entering, in words.
        step: where the journey was; None: it is something that happened outside.
        what: what happened outside, that a rest began, that a message was put off, or why the step was left.
        verdict: what the check before a message found.
    """

    at: AwareDatetime
    since: str
    step: str | None = None
    what: str = ""
    verdict: str = ""
    sent: RehearsedMessage | None = None


class RehearsalReport(Model):
    """What `shelftalk test-run` tells.

    Attributes:
        not_entered: why the contact did not enter, if so.
        ending: None: it rests until somebody does something, or goes round in a loop (`endless`).
        differences: the expectations that were not met, each with its path in the scenario.
    """

    conversation: str
    scenario: str
    time_zone: str
    entered_at: AwareDatetime
    not_entered: Reason | None = None
    lines: tuple[RehearsedLine, ...] = ()
    ended_at: AwareDatetime | None = None
    ending: Ending | None = None
    reason: Reason | None = None
    endless: bool = False
    differences: tuple[str, ...] = ()

    @classmethod
    def of(cls, conversation: str, rehearsed: Rehearsed) -> "RehearsalReport":
        """The report of one rehearsal, in the order of time."""
        lines = [*(_happening(due, rehearsed) for due in rehearsed.played), *_steps(rehearsed)]
        return cls(
            conversation=conversation,
            scenario=rehearsed.scenario.name,
            time_zone=rehearsed.zone,
            entered_at=rehearsed.entrance.at,
            not_entered=rehearsed.not_entered,
            lines=tuple(sorted(lines, key=_order)),
            ended_at=ended_at(rehearsed.path),
            ending=rehearsed.path.ending,
            reason=rehearsed.path.reason,
            endless=rehearsed.endless,
            differences=tuple(_told(each.path, each.message) for each in find_unmet_expectations(rehearsed, ())),
        )


def _order(line: RehearsedLine) -> datetime:
    return line.at


def _told(path: Path, message: str) -> str:
    return f"{format_path(path)}: {message}"


def _happening(due: Due, rehearsed: Rehearsed) -> RehearsedLine:
    match due.what:
        case HappeningSection():
            what = happening_in_words(due.what)
        case OfferLapses():
            what = "the offer lapses"
        case ZeroPriceHolds():
            what = "the price of 0.00 has held, and counts"
        case _:
            assert_never(due.what)
    return RehearsedLine(at=due.at, since=since(due.at, rehearsed), what=what)


def _steps(rehearsed: Rehearsed) -> Iterator[RehearsedLine]:
    """Of every stay the moment it begins, if it lasts, what put its message off, and the moment it ends."""
    messages = {(each.at, each.message): each for each in rehearsed.messages}
    for entry in rehearsed.path.entries:
        if entry.left_at is None or (entry.left_at > entry.entered_at and entry.kind != "send"):
            what = "in line" if entry.kind == "waiting" else "rests here"
            yield _line(entry.entered_at, rehearsed, entry, what)
        for each in rehearsed.put_off:
            if (
                each.step == entry.step
                and entry.entered_at <= each.at
                and (not entry.left_at or each.at < entry.left_at)
            ):
                yield _line(each.at, rehearsed, entry, "put off", each.outcome)
        if entry.left_at is not None:
            sent = messages.get((entry.left_at, entry.message or ""))
            yield _line(entry.left_at, rehearsed, entry, describe_exit(entry), entry.outcome, sent)


def _line(
    at: datetime,
    rehearsed: Rehearsed,
    entry: PathEntry,
    what: str,
    verdict: Outcome | None = None,
    sent: SentMessage | None = None,
) -> RehearsedLine:
    return RehearsedLine(
        at=at,
        since=since(at, rehearsed),
        step=entry.step,
        what=what,
        verdict=_verdict(verdict, rehearsed),
        sent=None if sent is None else _message(sent),
    )


def _verdict(verdict: Outcome | None, rehearsed: Rehearsed) -> str:
    if isinstance(verdict, Deferred):
        # By the clock that the whole rehearsal is told by.
        verdict = verdict.model_copy(update={"until": verdict.until.astimezone(ZoneInfo(rehearsed.zone))})
    return "" if verdict is None else describe(verdict)


def _message(sent: SentMessage) -> RehearsedMessage:
    rendered = sent.rendered
    return RehearsedMessage(message=sent.message, subject=rendered.subject, text=rendered.text, html=rendered.html)


def happening_in_words(section: HappeningSection) -> str:
    """What happens, in words."""
    match section.kind:
        case "stock":
            return f"there are {section.stock} units"
        case "price":
            return f"it costs {section.price}"
        case "on_sale":
            return "it is on sale" if section.on_sale else "it is not on sale any more"
        case "ordered":
            return "they order it" if section.ordered is Ordered.THIS else "they order another product"
        case "event":
            return f"they do: {section.event}"
        case "consent":
            return "they agree to be written to" if section.consent else "they take back their consent"
        case "sms_consent":
            return "they agree to text messages" if section.sms_consent else "they want no text messages any more"
        case "paused":
            return "the conversation is paused" if section.paused else "the conversation is resumed"
        case "provider":
            return f"the provider is {section.provider}"
        case "discontinued":
            return "it is discontinued"
        case "told_already":
            return "another alert tells them of it"
        case "approves":
            return f"somebody approves '{section.approves}'"
        case "declines":
            return f"somebody declines '{section.declines}'"
        case _:
            return f"the other system {section.webhook}"


def rehearsal_for_people(report: RehearsalReport) -> Group:
    """The whole rehearsal, with the messages below it."""
    head = f"{report.scenario} ({report.conversation}), by the clock of {report.time_zone}"
    if report.not_entered is not None:
        reason = f"They are not entered: {report.not_entered.sentence} ({report.not_entered})"
        return Group(Text(head), Text(reason), *_differences(report))
    table = Table("time", "since", "step", "what", "verdict", box=None, pad_edge=False)
    for line in report.lines:
        step = "" if line.step is None else line.step
        step += f": '{line.sent.message}'" if line.sent is not None and line.sent.message != line.step else ""
        table.add_row(_clock(line.at, report), line.since, step, line.what, line.verdict)
    messages = [part for line in report.lines if line.sent is not None for part in _mail(line.at, line.sent, report)]
    return Group(Text(head), table, Text(_ending(report)), *messages, *_differences(report))


def _mail(at: datetime, message: RehearsedMessage, report: RehearsalReport) -> tuple[Text, Padding]:
    head = Text(f"\n{_clock(at, report)}  {message.message}: {message.subject or 'text message'}")
    return head, Padding(Text(message.text.rstrip()), (0, 0, 0, 4))


def _ending(report: RehearsalReport) -> str:
    if report.endless:
        return f"It goes round and round: it was followed for {MOST_STAYS} steps."
    if report.ending is None:
        return "It rests there until somebody does something."
    reason = f": {report.reason.sentence} ({report.reason})" if report.reason is not None else "."
    at = f" {_clock(report.ended_at, report)}" if report.ended_at is not None else ""
    return f"It {report.ending}{at}{reason}"


def _differences(report: RehearsalReport) -> list[Text]:
    return [Text(f"\n{each}" if index == 0 else each) for index, each in enumerate(report.differences)]


def _clock(at: datetime, report: RehearsalReport) -> str:
    return f"{at.astimezone(ZoneInfo(report.time_zone)):%a %Y-%m-%d %H:%M}"
