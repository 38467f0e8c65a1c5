"""The place that a shopper is shown on the shop's page when they signed up: a bound, which tells nothing of others.

Whether somebody is in line must not be told to whoever types their address. So what is shown is how many have asked:
each sign-up that is accepted adds one, whoever it names, and nothing but time takes one away
(docs/decisions/0046-shops-page.md).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.waitlist.alerts import AlertInForce, sign_up_alert
from activities.waitlist.entry import Entered, NotEntered
from activities.waitlist.interest import Interest, subject_of, successor_for, title_of
from schemas.errors import DomainError
from schemas.ids import StoreId

SQL = load_queries("activities.waitlist", "place_shown.sql")


@dataclass(frozen=True, slots=True)
class Noted:
    """What who signs up is told of their place, whoever they are.

    Attributes:
        place_at_most: None where the newest is called forward first, or no line is meant.
        successor: where they asked for what is gone for good: the title of what they wait for instead.
    """

    place_at_most: int | None = None
    successor: str | None = None


async def count_and_place(
    connection: Connection, alert: AlertInForce, interest: Interest, result: Entered | NotEntered
) -> Noted:
    """Count a sign-up that has put nobody in line, as one that has is counted; then how many there are."""
    interest, successor = await _waited_for(connection, alert, interest)
    subject = subject_of(alert, interest)
    if subject is None:
        return Noted()
    line = {"alert_id": alert.alert_id, "store_id": subject.store_id, "subject": subject.key}
    if not (isinstance(result, Entered) and result.entered):
        await SQL.count_again.run(connection, **line)
    return Noted(await SQL.asked.value(connection, **line, days=alert.window_days), successor)


async def _waited_for(connection: Connection, alert: AlertInForce, interest: Interest) -> tuple[Interest, str | None]:
    """What one who asks for this waits for, and its title where that is the successor."""
    instead = await successor_for(connection, alert, interest)
    return (interest, None) if instead is None else (instead, await title_of(connection, instead))


class PlacesShown:
    """What is shown to who is thanked and does not sign up."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_next(self, store_id: StoreId, variant_id: str, list_code: str | None) -> Noted:
        """What a sign-up would be shown now. Nothing is counted."""
        async with self._pool.acquire() as connection:
            product_id = await SQL.product.value(connection, store_id=store_id, variant_id=variant_id)
            if product_id is None:
                return Noted()
            try:
                alert = await sign_up_alert(connection, store_id, list_code)
            except DomainError:
                return Noted()
            asked_for = Interest(store_id, product_id, variant_id, datetime.now(UTC))
            interest, successor = await _waited_for(connection, alert, asked_for)
            subject = subject_of(alert, interest)
            if subject is None:
                return Noted()
            asked: int | None = await SQL.asked.value(
                connection, alert_id=alert.alert_id, store_id=store_id, subject=subject.key, days=alert.window_days
            )
            return Noted(None if asked is None else asked + 1, successor)
