"""Lint warnings for messages that come only after the contact's offer has lapsed: the verdict will refuse them.

There is a warning only where no path reaches the message sooner.
"""

from collections.abc import Iterator
from datetime import timedelta

from schemas.document.alert_types.vocabulary import AlertEvent
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import SendStep, Status
from schemas.time.durations import format_duration
from workflows.compiler.control_flow import Flow
from workflows.compiler.diagnostics import Diagnostic


def find_lapse_warnings(document: ConversationDocument, flow: Flow) -> Iterator[Diagnostic]:
    """Messages and reminders that come after an alert's offer has lapsed."""
    for code, alert in document.alerts.items():
        lapses_after, reminders = alert.queue.offer_lapses_after, alert.queue.reminders
        if lapses_after is None:
            continue
        on_alert = [index for index, thread in enumerate(document.threads) if thread.on == f"{code}.{AlertEvent.ALERT}"]
        others = [index for index, thread in enumerate(document.threads) if thread.on and index not in on_alert]
        soonest = flow.soonest(on_alert)
        advice = f"Let the offer lapse later than after {format_duration(lapses_after)}, or say this sooner"
        reached_otherwise = flow.reached(others)
        for path, spot in flow.spots.items():
            if not isinstance(spot.section, SendStep) or spot.section.status is Status.DRAFT:
                continue
            since_told = soonest.told.get(path)
            if since_told is None or path in soonest.untold or path in reached_otherwise:
                continue
            if since_told >= lapses_after:
                yield Diagnostic(path, "the offer has lapsed by now, so this message is not sent", advice)
        if reminders is None or (ended := soonest.told.get(None)) is None:
            continue
        following = [
            index for index, thread in enumerate(document.threads) if thread.on == f"{code}.{AlertEvent.FOLLOW_UP}"
        ]
        takes = flow.soonest(following, already_told=True).told.get(None, timedelta(0))
        # The first is due `after` the alert's thread, each further one `after` the thread of the one before.
        left = lapses_after - ended - reminders.after
        sent = 0 if left <= timedelta(0) else -(-left // (reminders.after + takes))
        if sent < reminders.times:
            which = "no reminder is sent" if not sent else f"only {sent} of {reminders.times} are sent"
            message = f"the offer has lapsed before reminder {sent + 1}, so {which}"
            yield Diagnostic(("alerts", code, "reminders"), message, advice)
