"""Forgetting people, because they or their shop ask for it.

The address is deleted, with everything that was reported about the person; what remains are ids that lead to nobody.
They leave all waiting lists, and their places pass on. Runs in the transaction of the message that asks for it, and in
a number of statements that does not grow with the number of people: a storefront waits for the answer.
"""

from dataclasses import dataclass

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.episodes import look_again, look_at_sharers
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import ContactErasureFact, DataRequestFact

SQL = load_queries("activities.intake", "erasure.sql")

FORGETTING = (
    SQL.forget_suppressions,
    SQL.forget_contacts,
    SQL.forget_orders,
    SQL.forget_lists,
    SQL.forget_tags,
    SQL.forget_subjects,
    SQL.forget_properties,
)
"""In this order, for the suppressions are found by the address."""


@dataclass(frozen=True, slots=True)
class ContactOfShop:
    """Someone a shop knows; `alone`: no other shop of this installation does."""

    id: str
    alone: bool


@dataclass(frozen=True, slots=True, order=True)
class LeftLine:
    """A waiting list that somebody was taken out of."""

    store_id: StoreId
    subject: str


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A claim that somebody does not use any more; `item`: whose units it took from, None: none."""

    store_id: StoreId
    subject: str
    item: str | None


async def erase_contact(connection: Connection, store_id: StoreId, fact: ContactErasureFact) -> None:
    """Forget a person in all shops of this installation; the shops share one record of them."""
    contact_id: str | None = await SQL.contact_of.value(connection, email=fact.email)
    if contact_id is not None:
        await _leave(connection, [contact_id], None)
        await _forget(connection, [contact_id])
    await _record(connection, store_id, "contact erased", contact_id)


async def erase_shop(connection: Connection, store_id: StoreId) -> None:
    """Forget what this shop reported of people: all of those whom only it knows, and its own part of the others."""
    people = await SQL.contacts_of_shop.rows(connection, ContactOfShop, store_id=store_id)
    everyone = [person.id for person in people]
    # Those whom only this shop knows are in line in no other.
    await _leave(connection, everyone, store_id)
    await _forget(connection, [person.id for person in people if person.alone])
    await SQL.forget_lists_of_shop.run(connection, store_id=store_id, contact_ids=everyone)
    await SQL.forget_orders_of_shop.run(connection, store_id=store_id)
    await SQL.forget_events_of_shop.run(connection, store_id=store_id)
    await _record(connection, store_id, "shop erased", None)


async def answer_data_request(connection: Connection, store_id: StoreId, fact: DataRequestFact) -> None:
    """Put on record that a person asks what is known of them; a person has to answer it, within the law's time."""
    contact_id: str | None = await SQL.contact_known.value(connection, email=fact.email)
    await _record(connection, store_id, "data requested", contact_id, fact.request_id)


async def _forget(connection: Connection, contact_ids: list[str]) -> None:
    for query in FORGETTING:
        await query.run(connection, contact_ids=contact_ids)


async def _leave(connection: Connection, contact_ids: list[str], store_id: StoreId | None) -> None:
    """They leave every line, of one store or of all; what they held passes on, and their journeys end."""
    await SQL.hold_products.run(connection, contact_ids=contact_ids, store_id=store_id)
    given_back = await SQL.refuse_claims.rows(connection, GivenBack, contact_ids=contact_ids, store_id=store_id)
    left = await SQL.leave_lines.rows(connection, LeftLine, contact_ids=contact_ids, store_id=store_id)
    await SQL.ask_to_leave.run(connection, contact_ids=contact_ids, store_id=store_id)
    for line in sorted(set(left)):
        await look_again(connection, Subject.from_key(line.store_id, line.subject))
    for each in set(given_back):
        if each.item is not None:
            await look_at_sharers(connection, Subject.from_key(each.store_id, each.subject), [each.item])


async def _record(
    connection: Connection, store_id: StoreId, action: str, contact_id: str | None, request_id: str | None = None
) -> None:
    """By ids only: the record stays."""
    details = {"store": store_id, "contact": contact_id} | ({"request": request_id} if request_id else {})
    await SQL.record.run(connection, actor="storefront", action=action, details=details)
