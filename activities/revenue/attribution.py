"""Which message an order is credited to: the one that its contact touched last. Pure.

- A touch counts if it came before the order, to a message that was sent before it, and within the window that the
  message's list gives to such a touch.
- The last one that counts is credited with the whole order; of several at one moment the strongest.
- Ordering with the code of a message is a touch of the moment of the order, so it is always the last.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.attribution import AttributionModel, Touch

_STRENGTH = {touch: strength for strength, touch in enumerate(Touch)}


@dataclass(frozen=True, slots=True)
class MessageTouch:
    """What a contact did with one message.

    Attributes:
        send_key: the message's key in the ledger.
        sent_at: when the message left.
        model: the windows of the message's list.
    """

    send_key: str
    channel: str
    touch: Touch
    at: datetime
    sent_at: datetime
    model: AttributionModel

    def counts_for(self, ordered_at: datetime) -> bool:
        """Whether an order of this moment may be credited to it."""
        if self.sent_at > ordered_at or self.at > ordered_at:
            return False
        return self.touch is Touch.COUPON or ordered_at - self.at < self._window

    @property
    def _window(self) -> timedelta:
        return timedelta(days=self.model.days(self.channel, self.touch))


def credited_to(ordered_at: datetime, touches: Iterable[MessageTouch]) -> MessageTouch | None:
    """The touch that an order is credited to; None: to no message."""
    counting = [touch for touch in touches if touch.counts_for(ordered_at)]
    return max(counting, key=lambda touch: (touch.at, _STRENGTH[touch.touch], touch.send_key), default=None)
