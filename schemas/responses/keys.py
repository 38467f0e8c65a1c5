"""API keys, as the CLI lists them; never the keys themselves."""

from enum import StrEnum

from pydantic import AwareDatetime

from schemas.ids import StoreId
from schemas.model import Model


class Scope(StrEnum):
    """What a key is for. Every route behind a key needs one of these."""

    EVENTS = "events"
    """Tell what contacts did."""
    READ = "read"
    """See everything: journeys, lines, reports, texts."""
    SEND = "send"
    """Change what decides who is written to: products, stock, orders, consents, journeys, pauses, approvals."""
    PUBLISH = "publish"
    """Write, try out and publish conversations."""
    ADMIN = "admin"
    """All of it."""


class KeyReport(Model):
    """One API key, without the key.

    Attributes:
        stores: those it is for; None: all.
        expires_at: None: never.
        last_used_at: to a few minutes; None: it never was.
    """

    name: str
    scopes: tuple[Scope, ...]
    stores: tuple[StoreId, ...] | None
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
