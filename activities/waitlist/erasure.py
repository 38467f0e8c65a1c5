"""Forgetting people, because they or their shop ask for it.

The address goes, with everything that was told about the person; what remains are ids that lead to nobody. Whoever
stood in line leaves it, and the place passes on. Runs in the transaction of the message that asks, and in statements
that do not grow in number with the people: a storefront waits for the answer.
"""

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.store import look_again
from schemas.facts import ContactErasureFact, DataRequestFact
from schemas.ids import StoreId, Subject

SQL = load_queries("activities.waitlist", "erasure.sql")

FORGETTING = (
    "forget_suppressions",
    "forget_contacts",
    "forget_orders",
    "forget_lists",
    "forget_tags",
    "forget_properties",
)
"""In this order, for the suppressions are found by the address."""


async def erase_contact(connection: Connection, store_id: StoreId, fact: ContactErasureFact) -> None:
    """Forget a person in all shops of this installation; the shops share one record of them."""
    contact_id = await connection.fetchval(SQL["contact_of"], fact.email)
    if contact_id is not None:
        await _leave(connection, [contact_id], None)
        await _forget(connection, [contact_id])
    await _record(connection, store_id, "contact erased", contact_id)


async def erase_shop(connection: Connection, store_id: StoreId) -> None:
    """Forget what this shop told of people: those whom only it knows altogether, the others as far as it goes."""
    people = await connection.fetch(SQL["contacts_of_shop"], store_id)
    # Whoever only this shop knows stands in line nowhere else.
    await _leave(connection, [row["id"] for row in people], store_id)
    await _forget(connection, [row["id"] for row in people if row["alone"]])
    await connection.execute(SQL["forget_lists_of_shop"], store_id, [row["id"] for row in people])
    await connection.execute(SQL["forget_orders_of_shop"], store_id)
    await connection.execute(SQL["forget_events_of_shop"], store_id)
    await _record(connection, store_id, "shop erased", None)


async def answer_data_request(connection: Connection, store_id: StoreId, fact: DataRequestFact) -> None:
    """Put on record that a person asks what is known of them; a person has to answer it, within the law's time."""
    contact_id = await connection.fetchval(SQL["contact_known"], fact.email)
    await _record(connection, store_id, "data requested", contact_id, fact.request_id)


async def _forget(connection: Connection, contact_ids: list[str]) -> None:
    for query in FORGETTING:
        await connection.execute(SQL[query], contact_ids)


async def _leave(connection: Connection, contact_ids: list[str], store_id: StoreId | None) -> None:
    """They leave every line, of one store or of all; what they held passes on, and their journeys end."""
    whose = contact_ids, store_id
    await connection.execute(SQL["hold_products"], *whose)
    await connection.execute(SQL["refuse_claims"], *whose)
    left = await connection.fetch(SQL["leave_lines"], *whose)
    await connection.execute(SQL["ask_to_leave"], *whose)
    for shop, key in sorted({(row["store_id"], row["subject"]) for row in left}):
        await look_again(connection, Subject.from_key(shop, key))


async def _record(
    connection: Connection, store_id: StoreId, action: str, contact_id: str | None, request_id: str | None = None
) -> None:
    """By ids only: the record stays."""
    details = {"store": store_id, "contact": contact_id} | ({"request": request_id} if request_id else {})
    await connection.execute(SQL["record"], "storefront", action, details)
