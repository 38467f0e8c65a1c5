"""Several steps in a few words, as they are told of when they are new or gone."""

from collections.abc import Sequence

from schemas.document.steps import AnyStep

_ENOUGH = 12
"""Steps told of a new thread or branch; a longer one is looked at in the document."""


def say_steps(steps: Sequence[AnyStep]) -> str:
    """Steps in a few words: `send 'hello', wait 2 days`."""
    if not steps:
        return "no steps"
    said = [step.say() for step in steps[:_ENOUGH]]
    return ", ".join(said) + (f" and {len(steps) - _ENOUGH} more" if len(steps) > _ENOUGH else "")
