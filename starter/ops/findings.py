"""What a check-up finds: one thing that was looked at, and how it is."""

from enum import StrEnum

from schemas.model import Model

ANSWER_LIMIT = 5.0
"""Seconds that a component may take to answer: somebody waits for the check-up at a terminal."""


class Health(StrEnum):
    """How well one component is."""

    GOOD = "good"
    NOTE = "note"
    """Works, but somebody should know."""
    BAD = "bad"


class Finding(Model):
    """One thing that was looked at."""

    component: str
    health: Health
    found: str
    advice: str = ""


class Checkup(Model):
    """Everything that was looked at; `ok` unless something is bad."""

    ok: bool
    findings: tuple[Finding, ...]


def good(component: str, found: str) -> Finding:
    """All is well with it."""
    return Finding(component=component, health=Health.GOOD, found=found)


def bad(component: str, found: str, advice: str) -> Finding:
    """It must be put right, by this advice."""
    return Finding(component=component, health=Health.BAD, found=found, advice=advice)


def note(component: str, found: str, advice: str) -> Finding:
    """It works, but somebody should know."""
    return Finding(component=component, health=Health.NOTE, found=found, advice=advice)


def not_set(component: str, variable: str) -> Finding:
    """A setting is missing, so it cannot be looked at."""
    return bad(
        component,
        f"{variable} is not set, and no `shelftalk up` is running on this data folder",
        f"Set {variable}, or start everything here: `shelftalk up`.",
    )
