"""Why nothing may be sent to a contact on a channel: one rule for the verdict, "why not" and events' notes. Pure.

A no holds against every message. Where nothing was said, only a message goes that needs no word of theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.reasons import Reason


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known of one contact on one channel; asked by SQL's `channel_facts` of all that a journey speaks on.

    Attributes:
        unreachable: they have no address on it.
        consented, refused: their newest word is a yes, or a no; neither: they have said nothing.
        unasked: the message, or one of them, needs no word of theirs: it is transactional on a list that does not ask
            first, or the question itself.
    """

    unreachable: bool
    consented: bool
    refused: bool
    suppressed: bool
    unasked: bool

    @property
    def silenced_by(self) -> Reason | None:
        """Why nothing may be sent; None: it may."""
        if self.unreachable:
            return Reason.NO_ADDRESS
        if self.refused or not (self.consented or self.unasked):
            return Reason.NO_CONSENT
        return Reason.SUPPRESSED if self.suppressed else None


def silenced_on_all(channels: Sequence[ChannelFacts]) -> Reason | None:
    """Why nothing may be sent on any of these, as the first of them says; None: on one it may, or there is none."""
    reasons = [each.silenced_by for each in channels]
    return None if None in reasons else next(iter(reasons), None)
