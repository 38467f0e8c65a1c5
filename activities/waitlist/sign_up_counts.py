"""How many sign-ups for one thing came from one network today, counted in the sign-up's own transaction."""

from datetime import UTC, datetime

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId

SQL = load_queries("activities.waitlist", "sign_up_counts.sql")


class NetworkFull(DomainError):
    """As many sign-ups for this thing came from one network today, by UTC, as may."""

    code = "too_many_requests"
    kind = ErrorKind.CONFLICT

    def __init__(self) -> None:
        super().__init__(
            "There were too many sign-ups for this from your network today. Please try again tomorrow.",
            retry_after=_seconds_left_today(),
        )


def _seconds_left_today() -> int:
    """By UTC, as sign-ups are counted."""
    now = datetime.now(UTC)
    return max(1, 24 * 3600 - (now.hour * 3600 + now.minute * 60 + now.second))


async def count_of_network(
    connection: Connection, network: str | None, store_id: StoreId, variant_id: str, most: int | None
) -> None:
    """Count this sign-up, if its network is known and has a bound. The next one from there waits until this is in line.

    Raises:
        NetworkFull: as it says.
    """
    if network is None or most is None:
        return
    if not await SQL.count_of_network.value(
        connection, network=network, store_id=store_id, variant_id=variant_id, most=most
    ):
        raise NetworkFull
