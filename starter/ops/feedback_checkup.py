"""The part of the check-up that looks at what providers told: texts to be read in time, and senders at fault."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from starter.ops.findings import Finding, bad, good, note

SQL = load_queries("starter.ops", "feedback_checkup.sql")

SOON = timedelta(days=3)
"""Before a text is due, somebody has to read it: over a weekend nobody does."""
LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TextsWaiting:
    """Texts that may mean a no and that nobody has read: how many, how many read like one, how many are due soon."""

    texts: int
    likely: int
    first_due: datetime | None
    pressing: int


@dataclass(frozen=True, slots=True)
class AtFault:
    """How many messages were refused lately for what the sender is; the last one's provider and code."""

    messages: int
    provider: str | None
    code: str | None


async def examine_texts(pool: Pool) -> Finding:
    """Texts that may take a consent back, and have to be read in time."""
    waiting = await SQL.texts_waiting.one(pool, TextsWaiting, soon=SOON)
    if waiting.first_due is None:
        return good("texts", "none waits to be read")
    found = (
        f"{waiting.texts} wait to be read, {waiting.likely} of them read like a no; the first is due at "
        f"{waiting.first_due:%Y-%m-%d %H:%M} UTC"
    )
    advice = "A no has to be kept to by then: `shelftalk revocation list`, then confirm or dismiss each."
    return bad("texts", found, advice) if waiting.pressing else note("texts", found, advice)


async def examine_faults(pool: Pool) -> Finding:
    """Messages that were refused for what the sender is; once several receivers say so, it is stopped."""
    fault = await SQL.at_fault.one(pool, AtFault, lately=LATELY)
    if not fault.messages:
        return good("faults", "no sender is told to be at fault")
    return bad(
        "faults",
        f"{fault.messages} messages refused within the hour for what the sender is: {fault.provider} says {fault.code}",
        "Authenticate the domain (SPF, DKIM, DMARC), or register the number. Nobody is suppressed for it, and "
        "the sender stops only when three domains, or people by text message, refuse it within the hour.",
    )
