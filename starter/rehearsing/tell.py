"""The report of a rehearsal: each step, verdict, message and moment of everyone in it, as one JSON document."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from schemas.document.profiles import Ordered
from schemas.document.scenarios import OF_SOMEBODY, HappeningSection
from schemas.journey.outcome import Deferred, Outcome, describe
from schemas.journey.path import PathEntry, describe_exit
from schemas.model import Model
from schemas.reasons import Ending, Reason
from starter.rehearsing.expecting import find_unmet_expectations, since
from starter.rehearsing.run import Rehearsed, ended_at
from starter.rehearsing.simulated_shop import SentMessage
from starter.rehearsing.timeline import OfferLapses, Played, ZeroPriceHolds
from workflows.compiler.diagnostics import Path, format_path

FOR_EVER = datetime.max.replace(tzinfo=UTC)


class RehearsedMessage(Model):
    """A message as the contact would read it."""

    message: str
    subject: str
    text: str
    html: str | None = None


class RehearsedLine(Model):
    """One moment of a rehearsal.

    Attributes:
        at: when, in virtual time.
        since: how long after the entering of the scenario's contact, in words.
        who: of several contacts, whose line it is; None: everyone's, or there is only one.
        step: where the journey was; None: it is something that happened outside.
        what: what happened outside, that a rest began, that a message was put off, or why the step was left.
        verdict: what the check before a message found.
    """

    at: AwareDatetime
    since: str
    who: str | None = None
    step: str | None = None
    what: str = ""
    verdict: str = ""
    sent: RehearsedMessage | None = None


class RehearsedContact(Model):
    """What became of one contact of a rehearsal.

    Attributes:
        name: as the scenario calls them.
        not_entered: why they did not enter, if so.
        told_at: when they were told; None: they were not.
        not_told: why not, as far as there is a reason.
        ending: None: it rests until somebody does something, or goes round in a loop (`endless`).
    """

    name: str
    entered_at: AwareDatetime
    not_entered: Reason | None = None
    told_at: AwareDatetime | None = None
    not_told: Reason | None = None
    ended_at: AwareDatetime | None = None
    ending: Ending | None = None
    reason: Reason | None = None
    endless: bool = False

    @classmethod
    def of(cls, rehearsed: Rehearsed) -> "RehearsedContact":
        path = rehearsed.path
        return cls(
            name=rehearsed.name,
            entered_at=rehearsed.entrance.at,
            not_entered=rehearsed.not_entered,
            told_at=rehearsed.told_at,
            not_told=rehearsed.not_told,
            ended_at=ended_at(path),
            ending=path.ending,
            reason=path.reason,
            endless=rehearsed.endless,
        )


class RehearsalReport(Model):
    """What `shelftalk test-run` tells. Where it tells of one contact, it is the scenario's own.

    Attributes:
        version: of which version of the conversation it is, or of which file.
        not_entered: why the contact did not enter, if so.
        lines: of everyone, in the order of time.
        contacts: of everyone, the scenario's own first.
        told: who was told, by name, in order.
        ending: None: it rests until somebody does something, or goes round in a loop (`endless`).
        differences: the expectations that were not met, each with its path in the scenario.
    """

    conversation: str
    version: str | None = None
    scenario: str
    time_zone: str
    entered_at: AwareDatetime
    not_entered: Reason | None = None
    lines: tuple[RehearsedLine, ...] = ()
    ended_at: AwareDatetime | None = None
    ending: Ending | None = None
    reason: Reason | None = None
    endless: bool = False
    contacts: tuple[RehearsedContact, ...] = ()
    told: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()

    @classmethod
    def of(cls, conversation: str, rehearsed: Rehearsed, version: str | None = None) -> "RehearsalReport":
        """The report of one rehearsal, in the order of time.

        Args:
            version: of which version of the conversation it is, or of which file.
        """
        lines = [_happening(due, rehearsed) for due in rehearsed.played]
        if rehearsed.others:
            lines += map(_entering, rehearsed.everyone)
        # Of those who do something at one moment, who was told first did it first.
        for each in sorted(rehearsed.everyone, key=lambda each: each.told_at or FOR_EVER):
            lines += _steps(each, each.name if rehearsed.others else None)
        return cls(
            conversation=conversation,
            version=version,
            scenario=rehearsed.scenario.name,
            time_zone=rehearsed.zone,
            entered_at=rehearsed.entrance.at,
            not_entered=rehearsed.not_entered,
            lines=tuple(sorted(lines, key=_order)),
            ended_at=ended_at(rehearsed.path),
            ending=rehearsed.path.ending,
            reason=rehearsed.path.reason,
            endless=rehearsed.endless,
            contacts=tuple(map(RehearsedContact.of, rehearsed.everyone)),
            told=rehearsed.told,
            differences=tuple(_told(each.path, each.message) for each in find_unmet_expectations(rehearsed, ())),
        )


def _order(line: RehearsedLine) -> datetime:
    return line.at


def _told(path: Path, message: str) -> str:
    return f"{format_path(path)}: {message}"


def _entering(rehearsed: Rehearsed) -> RehearsedLine:
    at, reason = rehearsed.entrance.at, rehearsed.not_entered
    what = "enters" if reason is None else f"is not entered: {reason.sentence} ({reason})"
    return RehearsedLine(at=at, since=since(at, rehearsed), who=rehearsed.name, what=what)


def _happening(due: Played, rehearsed: Rehearsed) -> RehearsedLine:
    who: str | None = None
    match due.what:
        case HappeningSection() as section:
            what = happening_in_words(section)
            who = rehearsed.of(section.who).name if section.kind in OF_SOMEBODY else None
        case OfferLapses(journey=journey):
            what, who = "the offer lapses", journey.name
        case ZeroPriceHolds():
            what = "the price of 0.00 has held, and counts"
        case _:
            assert_never(due.what)
    return RehearsedLine(at=due.at, since=since(due.at, rehearsed), who=who if rehearsed.others else None, what=what)


def _steps(rehearsed: Rehearsed, who: str | None) -> Iterator[RehearsedLine]:
    """Of every stay the moment it begins, if it lasts, what put its message off, and the moment it ends.

    Args:
        who: of several, whose they are.
    """
    for line in _own_steps(rehearsed):
        yield line.model_copy(update={"who": who})


def _own_steps(rehearsed: Rehearsed) -> Iterator[RehearsedLine]:
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
        case "paused":
            return "the conversation is paused" if section.paused else "the conversation is resumed"
        case "provider":
            return f"the mail provider is {section.provider}"
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
