"""Steps in a few words, as they are told of when they are new or gone."""

from collections.abc import Sequence

from schemas.durations import format_duration
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
    Status,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from starter.difference_words import quoted

_ENOUGH = 12
"""Steps told of a new thread or branch; a longer one is looked at in the document."""


def say_steps(steps: Sequence[AnyStep]) -> str:
    """Steps in a few words: `send 'hello', wait 2 days`."""
    if not steps:
        return "no steps"
    said = [say_step(step) for step in steps[:_ENOUGH]]
    return ", ".join(said) + (f" and {len(steps) - _ENOUGH} more" if len(steps) > _ENOUGH else "")


def say_step(step: AnyStep) -> str:
    """One step in a few words."""
    match step:
        case SendStep(send=message, status=Status.LIVE):
            return f"send {quoted(message)}"
        case SendStep(send=message, status=status):
            return f"send {quoted(message)} ({status})"
        case WaitStep(wait=length):
            return f"wait {format_duration(length)}"
        case WaitUntilStep(wait_until=until):
            return f"wait until {format_until(until)}"
        case WaitForStep(wait_for=events, within=within):
            return f"wait for {' or '.join(events)}, at most {format_duration(within)}"
        case DecideStep(decide=ways):
            return f"decide between {', '.join(quoted(way.name) for way in ways)} and otherwise"
        case SplitStep(split=arms):
            return f"split into {', '.join(f'{quoted(arm.name)} ({arm.share})' for arm in arms)}"
        case SetAttributeStep(set_attribute=name, to=value):
            return f"set {name} to {quoted(value)}"
        case AddTagStep(add_tag=tag):
            return f"add the tag {quoted(tag)}"
        case AddToListStep(add_to_list=code):
            return f"add to the list {quoted(code)}"
        case CallWebhookStep(call_webhook=url):
            return f"call {url}"
        case GoToStep(go_to=thread):
            return f"go to {quoted(thread)}"
        case ExitStep(exit=why):
            return f"exit: {quoted(why)}"
