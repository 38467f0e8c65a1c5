"""The ids steps are known by in programs, paths, reports and the ledger."""

import re
from typing import assert_never
from urllib.parse import urlsplit

from schemas.durations import format_duration
from schemas.ids import StepId
from schemas.moments import format_until
from schemas.steps import (
    AddTagStep,
    AddToListStep,
    AnyStep,
    CallWebhookStep,
    DecideStep,
    ExitStep,
    GoToStep,
    SendStep,
    SetAttributeStep,
    SplitStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)

RESERVED_STEP_IDS = frozenset({"waiting-list", "until-reminder"})
"""A journey's path uses these for places that are not steps."""

_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")


def step_id(section: AnyStep) -> StepId:
    """The id a step is known by in programs, paths and reports: its own `id`, or one made from what it does."""
    if section.id is not None:
        return StepId(section.id)
    match section:
        case SendStep(send=message):
            return StepId(message)
        case WaitStep(wait=length):
            return _id("wait", format_duration(length))
        case WaitUntilStep(wait_until=until):
            return _id("wait-until", format_until(until))
        case WaitForStep(wait_for=events):
            return _id("wait-for", events[0])
        case DecideStep(decide=branches_):
            return _id("decide", branches_[0].name)
        case SplitStep(split=arms):
            return _id("split", arms[0].name)
        case SetAttributeStep(set_attribute=name):
            return _id("set", name)
        case AddTagStep(add_tag=tag):
            return _id("tag", tag)
        case AddToListStep(add_to_list=code):
            return _id("add-to", code)
        case CallWebhookStep(call_webhook=url):
            return _id("call", urlsplit(url).hostname or "webhook")
        case GoToStep(go_to=thread):
            return _id("go-to", thread)
        case ExitStep():
            return StepId("exit")
        case _:
            assert_never(section)


def _id(what: str, of: str) -> StepId:
    return StepId(f"{what}-{_NOT_IN_IDS.sub('-', of.lower()).strip('-')}"[:63].rstrip("-"))
