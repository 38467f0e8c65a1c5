"""What the ledger is told of a message: as it is about to leave, and of an address that was no good."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.channels import Channel


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message as it is about to leave.

    Attributes:
        channel: what it travels by.
        transactional: it is outside the caps.
        new_address: the address that it asks, which the contact named as their new one; None: it goes to their own.
        others: the keys of those that are told in it.
        named_after: the key that all of them are told as; None: its own.
    """

    subject: str | None = None
    channel: Channel = Channel.EMAIL
    transactional: bool = False
    new_address: str | None = None
    others: Sequence[str] = ()
    named_after: str | None = None


@dataclass(frozen=True, slots=True)
class BadMailbox:
    """An address of a channel that nobody is at, or whose owner wants nothing more there; `why` it is suppressed."""

    channel: Channel
    address: str
    why: str
