"""Checks what an alert says to those who still wait: messages that there are, within the window, and one at a time."""

from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches

from schemas.document.conversation import ConversationDocument
from schemas.time.durations import format_duration
from workflows.compiler.diagnostics import Diagnostic, listed


def find_while_waiting_errors(document: ConversationDocument) -> Iterator[Diagnostic]:
    """What is wrong with `while_waiting` of each alert."""
    for code, alert in document.alerts.items():
        said_at: dict[timedelta, int] = {}
        for index, each in enumerate(alert.queue.while_waiting):
            path = ("alerts", code, "while_waiting", index)
            if each.send not in document.messages:
                near = get_close_matches(each.send, document.messages, n=1)
                there_are = f"The messages there are: {listed(document.messages)}"
                advice = f"Did you mean '{near[0]}'?" if near else there_are
                yield Diagnostic((*path, "send"), f"there is no message '{each.send}'", advice)
            if each.moments[-1] > alert.relevancy_window:
                last, window = format_duration(each.moments[-1]), format_duration(alert.relevancy_window)
                yield Diagnostic(
                    path,
                    f"this is said for the last time after {last}, and nobody waits longer than {window}",
                    "Say it sooner or less often, or let 'relevancy_window' of the alert be longer",
                )
            for moment in each.moments:
                first = said_at.setdefault(moment, index)
                if first != index:
                    yield Diagnostic(
                        path,
                        f"after {format_duration(moment)} while_waiting[{first}] is said, too, "
                        "and they would get two messages at once",
                        "Let the two be said at different times",
                    )
                    break
