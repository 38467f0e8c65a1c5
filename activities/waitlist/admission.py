"""Who may enter a waiting list: facts in, reason out. Pure; asked by every way in, and by rehearsals."""

from dataclasses import dataclass
from datetime import datetime

from schemas.document.alert_types.alert import Sight
from schemas.document.alert_types.registry import AnyAlert
from schemas.reasons import Reason


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What is true of one contact who is about to enter.

    Attributes:
        window_ends_at: when their relevancy window ends, counted from what they enter for; aware.
        gone: what they would wait for is gone for good.
        bought: they bought the product, since `purchase_counts_since`.
        told: they were told of it since they showed the interest that they enter for.
        crowded: other addresses of their mailbox have as many places for it as one mailbox may have.
        filtered: the alert's own conditions on product or contact do not hold.
    """

    sight: Sight
    window_ends_at: datetime
    gone: bool
    bought: bool
    told: bool
    filtered: bool
    crowded: bool = False


def why_closed(*, for_store: bool, watched: bool, live: bool) -> Reason | None:
    """Why nobody enters an alert for this, whoever they are.

    Args:
        for_store: the alert's list is for the store that it happened in.
        watched: it is known which variant they mean, or the alert watches whole products.
        live: not every message behind the alert is a draft.
    """
    if not for_store:
        return Reason.OTHER_STORE
    if not watched:
        return Reason.NO_VARIANT
    return None if live else Reason.MESSAGE_DRAFT


def why_not_admitted(alert: AnyAlert, facts: EntryFacts, now: datetime) -> Reason | None:
    """Why this contact does not enter at `now` (aware); None: they do.

    The lasting obstacles come first, so that the reason on record is not one that would go away by itself.
    """
    if facts.window_ends_at <= now:
        return Reason.WINDOW_ENDED
    if facts.gone:
        return Reason.DISCONTINUED
    if (reason := alert.nothing_to_wait_for(facts.sight)) is not None:
        return reason
    if facts.bought:
        return Reason.PURCHASED
    if facts.told:
        return Reason.TOLD_ALREADY
    if facts.crowded:
        return Reason.SAME_MAILBOX
    return Reason.FILTERED if facts.filtered else None


def purchase_counts_since(alert: AnyAlert, entered_at: datetime, now: datetime) -> datetime:
    """A purchase from this time on keeps them out, also where their event reaches us much later."""
    within = alert.queue.not_if_bought_within
    return entered_at if within is None else min(entered_at, now - within)
