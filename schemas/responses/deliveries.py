"""Webhooks that could not be read, as ops look at them."""

from pydantic import AwareDatetime

from schemas.model import Model


class MalformedDelivery(Model):
    """A delivery that could not be read, kept for inspection.

    Attributes:
        body: byte for byte as Latin-1; None in a list.
    """

    id: int
    store_id: str
    source: str
    topic: str
    error: str
    received_at: AwareDatetime
    body: str | None = None


class MalformedDeliveries(Model):
    """Those kept, newest first."""

    deliveries: tuple[MalformedDelivery, ...]
