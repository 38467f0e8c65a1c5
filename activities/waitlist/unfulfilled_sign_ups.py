"""Sign-ups that were accepted and could not be entered: kept as events, with the reason (P4, P7)."""

from datetime import datetime, timedelta

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, StoreId
from schemas.incoming.events import Considered, EnrolmentResult, EventEffect
from schemas.reasons import Reason

SQL = load_queries("activities.waitlist", "enlist.sql")

SIGNED_UP = "signed_up"
"""The event's name; its kind is custom."""
SAME_SIGN_UP = timedelta(days=1)
"""Within this long the same again is a form sent twice or a request retried; later, someone who asks anew."""


async def keep_unfulfilled_sign_up(
    connection: Connection,
    store_id: StoreId,
    contact_id: ContactId,
    product_id: str,
    variant_id: str | None,
    at: datetime,
    list_code: str,
    alert_id: str,
    reason: Reason,
) -> None:
    """Keep it with why it was not entered; back-population reads those that came while every message was a draft.

    The same again within `SAME_SIGN_UP` is not kept: whoever does not say when a sign-up was made says the same when
    they send it once more. For another alert or reason it is something else.
    """
    considered = Considered(
        alert=alert_id,
        product=product_id,
        variant=variant_id,
        result=EnrolmentResult.NOT_ENTERED,
        reason=reason,
        why=reason.sentence,
    )
    await connection.execute(
        SQL["keep_sign_up"],
        store_id,
        f"{SIGNED_UP}/{contact_id}/{variant_id}/{at.isoformat()}/{alert_id}/{reason}",
        SIGNED_UP,
        contact_id,
        product_id,
        variant_id,
        at,
        {"list": list_code},
        EventEffect(alerts=(considered,)).model_dump(mode="json", exclude_defaults=True),
        SAME_SIGN_UP,
        alert_id,
        reason,
    )
