"""What shoppers' browsers tell: recorded as events of whoever signed up there, each once, from when it was."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from activities.intake.events import Events
from activities.postgres.pool import Pool
from activities.waitlist.devices import Device, believe_device
from schemas.incoming.events import Event, EventKind
from schemas.incoming.views import Seen

BY = "a shopper's browser"


class Views:
    """Takes what browsers tell."""

    def __init__(self, pool: Pool, events: Events) -> None:
        self._pool, self._events = pool, events

    async def take(self, token: str, seen: Sequence[Seen]) -> None:
        """Record what was seen, in its order; of a browser that is not believed nothing. Nobody is told which it is."""
        now = datetime.now(UTC)
        device = await believe_device(self._pool, token, len(seen))
        if device is None:
            return
        for each in sorted(seen, key=lambda each: -each.ago):
            event = _event(device, token, each, now - timedelta(seconds=each.ago))
            await self._events.take(event, BY)


def _event(device: Device, token: str, seen: Seen, at: datetime) -> Event:
    # The browser's id is its own: with its token before it, it is nobody else's.
    id_ = hashlib.sha256(f"{token}.{seen.id}".encode()).hexdigest()[:32]
    return Event(
        id=f"page/{id_}",
        store=device.store_id,
        kind=EventKind(seen.kind),
        contact=device.contact_id,
        product=seen.product,
        variant=seen.variant,
        quantity=seen.quantity,
        items=seen.items,
        happened_at=at,
    )
