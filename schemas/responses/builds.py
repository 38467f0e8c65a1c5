"""The builds of a worker deployment, as Temporal has them."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.model import Wire


class BuildStatus(StrEnum):
    """What a build does."""

    CURRENT = "current"
    """All work is given to it."""
    WAITING = "waiting"
    """It never had work: it was not promoted."""
    DRAINING = "draining"
    """It was current; some of its work may not be over."""
    DRAINED = "drained"
    """It was current, and nothing is left to it: its workers can be stopped."""


class Build(Wire):
    """One build.

    Attributes:
        build: its name, as `shelftalk-1.2.0`.
        heard_at: when its first worker polled.
        current_since: when it was last promoted; None: it is not the current one.
    """

    build: str
    status: BuildStatus
    heard_at: AwareDatetime
    current_since: AwareDatetime | None = None


class Deployment(Wire):
    """A deployment, with its builds, newest first."""

    name: str
    builds: tuple[Build, ...] = ()
