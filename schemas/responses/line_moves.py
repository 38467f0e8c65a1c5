"""Lines that are moved to another subject: what a move would do, and how far one has come."""

from pydantic import AwareDatetime, Field

from schemas.model import Model
from schemas.reasons import Reason


class LineMoveReport(Model):
    """A move of a line, or what one would do.

    Attributes:
        move: its number; None while it is only looked at.
        from_subject, to_subject: `variant/…` or `product/…`.
        alert: whose line; None: the lines of all alerts.
        moved: who waits for the other, or would.
        left: who left the line instead, or would, by reason: who waits there already keeps the better place.
        stay: who stays in the line, by reason: whom the alert could not tell of it.
        called_forward: who stays, for it is their turn just now.
        places: how many are told at once as far as it is known, of those who come and those who wait there.
        told_now: how many of `moved` may be told at once. Like `places` only of what is looked at: 0 once asked for.
        requested_by, standing: who asked for it; of one to the successor of what is gone, who named that.
        finished_at: when nobody was left to move.
        done: false when this only shows what would happen.
    """

    move: int | None = None
    store_id: str
    from_subject: str
    to_subject: str
    alert: str | None
    moved: int
    left: dict[Reason, int] = Field(default_factory=dict[Reason, int])
    stay: dict[Reason, int] = Field(default_factory=dict[Reason, int])
    called_forward: int
    places: int | None = 0
    told_now: int = 0
    requested_by: str | None = None
    standing: bool = False
    created_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    done: bool


class LineMoveReports(Model):
    """The latest moves, newest first."""

    moves: tuple[LineMoveReport, ...]
