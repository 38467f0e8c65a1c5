"""API keys, as the CLI lists them; never the keys themselves."""

from pydantic import AwareDatetime

from schemas.model import Model


class KeyReport(Model):
    """One API key, without the key."""

    name: str
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None
