"""The place that a shopper is shown on the shop's page when they signed up: a bound, which tells nothing of others.

Whether somebody is in line must not be told to whoever types their address. So what is shown is how many have asked:
each sign-up that is accepted adds one, whoever it names, and nothing but time takes one away
(docs/decisions/0046-shops-page.md).
"""

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.alerts import AlertInForce
from activities.waitlist.entry import Entered, Interest, NotEntered, subject_of

SQL = load_queries("activities.waitlist", "place_shown.sql")


async def count_and_place(
    connection: Connection, alert: AlertInForce, interest: Interest, result: Entered | NotEntered
) -> int | None:
    """Count a sign-up that has put nobody in line, as one that has is counted; then how many there are.

    Returns None where the newest is called forward first, or no line is meant.
    """
    subject = subject_of(alert, interest)
    if subject is None:
        return None
    line = {"alert_id": alert.alert_id, "store_id": subject.store_id, "subject": subject.key}
    if not (isinstance(result, Entered) and result.entered):
        await SQL.count_again.run(connection, **line)
    return await SQL.asked.value(connection, **line, days=alert.window_days)
