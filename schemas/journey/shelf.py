"""Signals, inputs and results of the shelf, the workflow of a subject that claims places for waiting journeys."""

from schemas.ids import Subject
from schemas.model import Wire


class Look(Wire):
    """Signal to a shelf: look for work. Carries no facts."""


class ShelfStart(Wire):
    """The input of ShelfWorkflow."""

    subject: Subject


class GivePlaces(Wire):
    """Claim the next waiting journeys of a subject."""

    subject: Subject


class PlacesGiven(Wire):
    """How many claims are to be notified and exits to be signalled, and whether there may be more to do."""

    to_notify: int
    more: bool


class NotifyClaims(Wire):
    """Signal every journey of this subject whose claim has not been notified yet."""

    subject: Subject
