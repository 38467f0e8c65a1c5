"""Sign-ups that were accepted and could not be entered: kept as events, with the reason (P4, P7)."""

from dataclasses import dataclass
from datetime import timedelta

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.interest import Interest
from schemas.ids import ContactId
from schemas.incoming.events import Considered, EntryResult, EventEffect
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "unfulfilled_sign_ups.sql")

SIGNED_UP = "signed_up"
"""The event's name; its kind is custom."""
SAME_SIGN_UP = timedelta(days=1)
"""Within this long the same again is a form sent twice or a request retried; later, someone who asks anew."""


@dataclass(frozen=True, slots=True)
class UnfulfilledSignUp:
    """A sign-up for an alert of a list, and why it was not entered."""

    interest: Interest
    contact_id: ContactId
    list_code: str
    alert_id: str
    reason: Reason


async def keep_unfulfilled_sign_up(connection: Connection, sign_up: UnfulfilledSignUp) -> None:
    """Keep it with why it was not entered; back-population reads those that came while every message was a draft.

    The same again within `SAME_SIGN_UP` is not kept: a request that is retried without a time of its own has a new
    time, and would be kept twice. For another alert or reason it is another sign-up.
    """
    interest = sign_up.interest
    considered = Considered(
        alert=sign_up.alert_id,
        product=interest.product_id,
        variant=interest.variant_id,
        result=EntryResult.NOT_ENTERED,
        reason=sign_up.reason,
        why=sign_up.reason.sentence,
    )
    key = f"{sign_up.contact_id}/{interest.variant_id}/{interest.at.isoformat()}/{sign_up.alert_id}/{sign_up.reason}"
    await SQL.keep_sign_up.run(
        connection,
        store_id=interest.store_id,
        event_id=f"{SIGNED_UP}/{key}",
        name=SIGNED_UP,
        contact_id=sign_up.contact_id,
        product_id=interest.product_id,
        variant_id=interest.variant_id,
        at=interest.at,
        properties={"list": sign_up.list_code} | ({"quantity": interest.quantity} if interest.quantity else {}),
        outcome=EventEffect(alerts=(considered,)).model_dump(mode="json", exclude_defaults=True),
        within=SAME_SIGN_UP,
        alert_id=sign_up.alert_id,
        reason=sign_up.reason,
    )
