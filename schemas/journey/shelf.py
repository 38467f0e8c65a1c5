"""What is said to and by the shelf, the workflow that gives places away."""

from schemas.ids import Subject
from schemas.model import Wire


class Look(Wire):
    """Signal to a shelf: look again. Carries no facts."""


class ShelfStart(Wire):
    """The input of ShelfWorkflow."""

    subject: Subject


class GivePlaces(Wire):
    """Claim the next waiting journeys of a subject."""

    subject: Subject


class PlacesGiven(Wire):
    """How many claims wait to be called forward, and departures to be told, and whether there may be more to do."""

    to_notify: int
    more: bool


class NotifyClaims(Wire):
    """Signal every journey of this subject whose claim has not been called forward yet."""

    subject: Subject
