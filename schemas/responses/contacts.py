"""Contacts as support finds and sees them: who they are, why they were told or not, where they are, what is next."""

from pydantic import AwareDatetime

from schemas.ids import ContactId
from schemas.model import Model


class FoundContact(Model):
    """A contact among those found.

    Attributes:
        phone_lent: the number was named beside the address, and names nobody.
        under_way: how many journeys of theirs have not ended.
    """

    id: ContactId
    email: str | None
    phone: str | None
    phone_lent: bool
    created_at: AwareDatetime
    erased_at: AwareDatetime | None
    under_way: int


class ContactPage(Model):
    """Contacts that were found, by address or number.

    Attributes:
        next: what the next page is asked for by; None: this is the last.
    """

    contacts: tuple[FoundContact, ...]
    next: str | None
