"""The links of a message, as templates name them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinksPart:
    """Addresses of the contact's own; absent where the installation has no public address.

    Attributes:
        page: their own page: what they wait for, and where they stand.
        unsubscribe: where a button takes their consent back.
        confirm: in the question of a double opt-in, and nowhere else: where a button says yes.
    """

    page: str | None = None
    unsubscribe: str | None = None
    confirm: str | None = None
