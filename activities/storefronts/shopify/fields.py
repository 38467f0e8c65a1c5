"""What Shopify's messages of all topics have in common: GraphQL ids, times, and what must be there."""

import re
from datetime import datetime, timedelta

from pydantic import BeforeValidator

from activities.storefronts.storefront import PayloadMalformed

TOLD_AT_ONCE = timedelta(minutes=1)
"""A message that is triggered later than this after its change may not be about the second of the change any more."""
LAST_OF_A_SECOND = timedelta(microseconds=999_999)


def gid(form: str) -> BeforeValidator:
    """The id inside a GraphQL id. One of another form is ignored; then the plain id counts."""
    pattern = re.compile(rf"gid://shopify/{form}")

    def read(value: object) -> str | None:
        found = pattern.fullmatch(value) if isinstance(value, str) else None
        return found[1] if found else None

    return BeforeValidator(read)


def known(found: str | None, path: str) -> str:
    """The id, which has to be there.

    Raises:
        PayloadMalformed: it is not.
    """
    if found is None:
        raise PayloadMalformed(path, "the id is missing")
    return found


def observed(updated_at: datetime | None, triggered_at: datetime | None) -> datetime:
    """The storefront's time of a message.

    Raises:
        PayloadMalformed: neither the body nor the header gives one with its offset from UTC.
    """
    if updated_at is not None and updated_at.tzinfo is not None:
        return _within_its_second(updated_at, triggered_at)
    if triggered_at is not None:
        return triggered_at
    raise PayloadMalformed(
        "$.updated_at",
        "neither this nor the header X-Shopify-Triggered-At gives a time with its offset from UTC",
    )


def _within_its_second(updated_at: datetime, triggered_at: datetime | None) -> datetime:
    """Bodies tell whole seconds, in which a thing may change more than once: the header tells which change was later.

    A change stays within its second, however late it is told: the changes of the next second are later.
    """
    late = triggered_at - updated_at if triggered_at is not None else None
    if updated_at.microsecond or late is None or not timedelta(0) <= late < TOLD_AT_ONCE:
        return updated_at
    return updated_at + min(late, LAST_OF_A_SECOND)
