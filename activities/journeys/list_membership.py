"""Which contacts are on which list."""

from datetime import datetime

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.ids import ContactId, StoreId

SQL = load_queries("activities.journeys", "list_membership.sql")


class NoSuchList(Exception):
    """There is no list of this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no list '{code}'. A list is made when the first conversation of it is published.")


class ListOfOtherStores(Exception):
    """The list is not for the store that they would join it in."""

    def __init__(self, code: str, store_id: StoreId) -> None:
        super().__init__(f"List '{code}' is not for store '{store_id}': its 'stores' name the ones that it is for.")


async def join_list(
    connection: Connection, list_code: str, contact_id: ContactId, store_id: StoreId, at: datetime, source: str
) -> bool:
    """Put a contact on a list, once; of two times they joined, the earlier counts. Consent is not asked for or given.

    Args:
        contact_id: locked in this transaction, against an erasure of the same moment.
        source: who put them there: `event/<store>` for an event.

    Returns:
        Whether they were not on it before.

    Raises:
        NoSuchList: no published conversation is of this list.
        ListOfOtherStores: as it says.
    """
    is_for: bool | None = await SQL.is_list_for.value(connection, list_code=list_code, store_id=store_id)
    if is_for is False:
        raise ListOfOtherStores(list_code, store_id)
    joined: bool | None = await SQL.join_list.value(
        connection, list_code=list_code, contact_id=contact_id, joined_at=at, source=source
    )
    if joined is None:
        raise NoSuchList(list_code)
    return joined
