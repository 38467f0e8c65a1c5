"""The replay of one journey, as support steps through it: each stay with why, what was checked, and what was sent."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.ids import StepId, VersionId
from schemas.journey.path import JourneyPath, PathEntry
from schemas.model import Model
from schemas.responses.journeys import JourneyReport


class Finding(StrEnum):
    """What a check found."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_ASKED = "not_asked"
    """Another had decided before."""


class Check(Model):
    """One thing that was looked at; `found` says more, where there is more to say."""

    what: str
    finding: Finding
    found: str | None = None


class ReplayedMessage(Model):
    """The message of a stay.

    Attributes:
        subject: as it left; None of a text message, or where that is not on record.
        version: whose text it is.
    """

    message: str
    round: int
    subject: str | None
    version: VersionId


class ReplayedStay(Model):
    """One stay of the path.

    Attributes:
        name: what the step does, in words.
        thread: the thread that it stands in; None: in none.
        left_because: why it was left; empty while the journey is there.
        found: what came of it, in words; None: nothing that the reason does not say.
    """

    entry: PathEntry
    name: str
    thread: str | None
    left_because: str
    found: str | None
    checks: tuple[Check, ...]
    message: ReplayedMessage | None


class Replay(Model):
    """A journey and its path, on the version that it ran on.

    Attributes:
        untold: why there is no path; None: there is one.
        path: empty where `untold` says why.
        stays: of the path, in order of time.
        temporal: the address of its workflow in Temporal's own pages; None: the setting names none.
        read_at: when it was replayed.
    """

    journey: JourneyReport
    product_title: str | None
    conversation_name: str
    untold: str | None
    path: JourneyPath | None
    stays: tuple[ReplayedStay, ...]
    temporal: str | None
    read_at: AwareDatetime

    def stay_of(self, step: StepId | str, round_: int) -> int | None:
        """The number of the stay that a message belongs to, from 1."""
        for number, stay in enumerate(self.stays, 1):
            if stay.entry.step == step and stay.message is not None and stay.message.round == round_:
                return number
        return None
