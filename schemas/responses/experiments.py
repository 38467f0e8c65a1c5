"""What an experiment found: what those who were told ordered, beside those who were held out."""

from decimal import Decimal
from enum import StrEnum

from schemas.model import Model


class Finding(StrEnum):
    """What a difference and its interval say."""

    MORE = "more"
    LESS = "less"
    NO_DIFFERENCE = "no_difference"
    """None that could be told from chance."""
    NOT_ENOUGH = "not_enough"
    """There is not enough to tell."""


class Arm(Model):
    """One side of an experiment: its contacts whose turn came, and how many of them ordered in its days."""

    contacts: int
    ordered: int
    share: float


class OrdersLift(Model):
    """How much larger the share of those who ordered is among the told.

    Attributes:
        difference: of the two shares; 0.02: two of a hundred more.
        low, high: its 95 % interval.
        relative: by what part that is more than among the held out; None: of those nobody ordered.
    """

    difference: float
    low: float
    high: float
    relative: float | None
    finding: Finding


class RevenueLift(Model):
    """How much more each of the told ordered for, in one currency; those who ordered nothing are counted.

    Attributes:
        told, held_out: per contact.
        low, high: the 95 % interval of the difference.
    """

    currency: str
    told: Decimal
    held_out: Decimal
    difference: Decimal
    low: Decimal
    high: Decimal
    finding: Finding


class ExperimentReport(Model):
    """An experiment, over all versions that name it.

    Attributes:
        days: for how long after their turn orders count; of the newest version.
        in_both: contacts who were told and held out, because its share was changed between; they are left out.
        orders: None: one side has nobody.
        revenue: one for each currency that anybody of them ordered in.
    """

    experiment: str
    conversations: tuple[str, ...]
    holdout: int
    days: int
    told: Arm
    held_out: Arm
    in_both: int
    orders: OrdersLift | None
    revenue: tuple[RevenueLift, ...]
