"""Forgetting people, because they or their shop ask for it.

The address is deleted, with everything that was reported about the person; what remains are ids that lead to nobody,
and keyed digests, so that nothing told of them later brings them back, and their no to messages still holds. They
leave all waiting lists, and their places pass on. Runs in the transaction of the message that asks for it, and in
a number of statements that does not grow with the number of people: a storefront waits for the answer.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.intake.known_stores import STOREFRONT
from activities.intake.silence import expect_nothing
from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.waitlist.episodes import look_again, look_at_sharers
from schemas.ids import ContactId, StoreId, Subject, new_contact_id
from schemas.incoming.facts import ContactErasureFact, DataRequestFact, Fact, ShopErasureFact

SQL = load_queries("activities.intake", "erasure.sql")

FORGETTING = (
    SQL.keep_refusals,
    SQL.forget_suppressions,
    SQL.keep_digests,
    SQL.forget_events,
    SQL.forget_texts,
    SQL.forget_replies,
    SQL.forget_contacts,
    SQL.forget_orders,
    SQL.forget_order_ids,
    SQL.forget_sources,
    SQL.forget_lists,
    SQL.forget_tags,
    SQL.forget_devices,
    SQL.forget_subjects,
    SQL.forget_clicks,
)
"""In this order: suppressions are found by the address, digests made of what is there."""
OF_ONE_SHOP = (
    SQL.keep_digests_of_shop,
    SQL.forget_lists_of_shop,
    SQL.forget_orders_of_shop,
    SQL.forget_events_of_shop,
    SQL.forget_words_of_shop,
    SQL.forget_clicks_of_shop,
    SQL.forget_devices_of_shop,
)
ASKED_LONG_AGO = "asked long ago"
ASKED_BEFORE = "asked before"

AGAIN = timedelta(days=1)
"""A message that comes again after this is not the storefront's trying again, which takes hours: somebody asks once
more, or sends an old one. Nothing that is signed tells which."""
LATE = timedelta(days=3)
"""Storefronts send a message again for hours, two days at most. What comes later was held up on its way, or is an old
one sent again by somebody."""


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
    """Forget a person, as their shop asks; of one whom other shops know too, what this shop reported."""
    await SQL.keep_digests_of_orders.run(connection, store_id=store_id, order_ids=list(fact.order_ids))
    done: set[ContactId] = set()
    for address in filter(None, (fact.email, fact.phone)):
        known: ContactId | None = await SQL.hold_contact.value(connection, address=address, email=fact.email)
        if known is None or known not in done:
            await _erase_known(connection, store_id, address, known)
            done |= {known} if known is not None else set()


async def _erase_known(connection: Connection, store_id: StoreId, address: str, known: ContactId | None) -> None:
    if known is None or not await SQL.known_elsewhere.value(
        connection, contact_id=known, email=address, store_id=store_id
    ):
        forgotten = await forget_address(connection, address, store_id)
        if forgotten is not None or "@" in address:
            await _record(connection, store_id, "contact erased", forgotten)
        return
    await _leave(connection, [known], store_id)
    await _forget_part(connection, store_id, [known])
    await SQL.forget_bodies.run(connection, store_id=store_id)
    await _record(connection, store_id, "contact erased from one shop", known)


async def forget_address(connection: Connection, address: str, asked_by: StoreId | None) -> ContactId | None:
    """Forget the person with this address (in lower case) or number; who they were, None if nobody knows them.

    Args:
        asked_by: the shop whose unread deliveries may be about them; None: any.
    """
    contact_id: ContactId | None = await SQL.contact_of.value(connection, contact_id=new_contact_id(), address=address)
    if contact_id is not None:
        await _leave(connection, [contact_id], None)
        await _forget(connection, [contact_id])
    await SQL.keep_digest_of_address.run(connection, address=address)
    await SQL.forget_bodies.run(connection, store_id=asked_by)
    return contact_id


async def erase_shop(connection: Connection, store_id: StoreId, by: str = STOREFRONT) -> None:
    """Forget what this shop reported of people: all of those whom only it knows, and its own part of the others.

    It is spoken to no more: its tokens and secrets go.
    """
    people = await SQL.contacts_of_shop.rows(connection, ContactOfShop, store_id=store_id)
    everyone = [person.id for person in people]
    # Those whom only this shop knows are in line in no other.
    await _leave(connection, everyone, store_id)
    await _forget_part(connection, store_id, everyone)
    await _forget(connection, [person.id for person in people if person.alone])
    await SQL.forget_bodies.run(connection, store_id=store_id)
    await expect_nothing(connection, store_id)
    await _record(connection, store_id, "shop erased", None, by=by)
    if await SQL.forget_connection.value(connection, store_id=store_id) is not None:
        await write_audit(connection, by, "disconnect store", {"store": store_id, "why": "shop erased"})


async def is_left_alone(connection: Connection, fact: Fact) -> bool:
    """Whether an erasure was asked for so long ago that it forgets nobody: the shop may have come back, or they did."""
    late = _if_late(fact.observed_at) if isinstance(fact, ContactErasureFact | ShopErasureFact) else None
    if late is None:
        return False
    return isinstance(fact, ShopErasureFact) or bool(
        isinstance(fact, ContactErasureFact) and await SQL.came_since.value(connection, email=fact.email, moment=late)
    )


async def record_left_alone(connection: Connection, store_id: StoreId, fact: Fact, why: str) -> None:
    """Put on record that somebody is not erased though it was asked for: a person has to decide whether it is meant."""
    match fact:
        case ContactErasureFact():
            await SQL.keep_digests_of_orders.run(connection, store_id=store_id, order_ids=list(fact.order_ids))
            known: ContactId | None = await SQL.contact_known.value(connection, email=fact.email)
            if known is not None and (
                await SQL.shop_knows.value(connection, store_id=store_id, contact_id=known)
                or not await SQL.known_elsewhere.value(
                    connection, contact_id=known, email=fact.email, store_id=store_id
                )
            ):
                await _record(connection, store_id, f"contact not erased: {why}", known)
        case ShopErasureFact():
            if await SQL.shop_knows.value(connection, store_id=store_id, contact_id=None):
                await _record(connection, store_id, f"shop not erased: {why}", None)
        case _:
            pass


async def answer_data_request(connection: Connection, store_id: StoreId, fact: DataRequestFact) -> None:
    """Put on record that a person asks what is known of them; a person has to answer it, within the law's time."""
    contact_id: str | None = await SQL.contact_known.value(connection, email=fact.email)
    await _record(connection, store_id, "data requested", contact_id, fact.request_id)


def _if_late(asked_at: datetime | None) -> datetime | None:
    """When a request was made, if it comes late."""
    return asked_at if asked_at is not None and datetime.now(UTC) - asked_at > LATE else None


async def _forget(connection: Connection, contact_ids: list[str]) -> None:
    for query in FORGETTING:
        await query.run(connection, contact_ids=contact_ids)


async def _forget_part(connection: Connection, store_id: StoreId, contact_ids: list[str]) -> None:
    """Forget what one store reported of people."""
    for query in OF_ONE_SHOP:
        await query.run(connection, store_id=store_id, contact_ids=contact_ids)


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
    connection: Connection,
    store_id: StoreId,
    action: str,
    contact_id: str | None,
    request_id: str | None = None,
    by: str = STOREFRONT,
) -> None:
    """By ids only: the record stays."""
    details = {"store": store_id, "contact": contact_id} | ({"request": request_id} if request_id else {})
    await write_audit(connection, by, action, details)
