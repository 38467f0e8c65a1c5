"""Lint warnings for filters that are meant as a cap: they lose people's wishes, where a cap only puts messages off."""

from collections.abc import Iterator

from schemas.criteria import All, AnyOf, Condition, Node, Not
from schemas.document.conversation import ConversationDocument
from workflows.compiler.diagnostics import Diagnostic

SINCE_THE_LAST = ("engagement.last_message", "alert.last_entered")
"""Fields that say how long ago somebody was written to, or wished for something."""


def find_cap_warnings(document: ConversationDocument) -> Iterator[Diagnostic]:
    """Alerts' filters that ask for the time since the last message or entry."""
    for code, alert in document.alerts.items():
        for name, criteria in (("trigger_filter", alert.trigger_filter), ("profile_filter", alert.profile_filter)):
            asked = next((field for field in SINCE_THE_LAST if field in _fields(criteria)), None)
            if asked is not None:
                yield Diagnostic(
                    ("alerts", code, name),
                    f"whom '{asked}' keeps out is not told later: they do not enter '{code}', or lose their place",
                    "For fewer messages to one person write 'at_most' in 'list': it puts messages off, "
                    "and everyone keeps their place",
                )


def _fields(criteria: Node | None) -> Iterator[str]:
    match criteria:
        case Condition(field=field):
            yield field
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _fields(part)
        case Not(part):
            yield from _fields(part)
        case None:
            pass
