"""Carts as they are now: what is in one, and what becomes of those who wait because of what they put in.

A cart is the event that told of it first. A checkout is told of whenever it changes, and the newest message stands, as
with an order; what was put in by itself is taken out by itself. Journeys that were entered on a cart are about what is
in it now, and whoever waits in an alert's line for what is no longer in it leaves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.journeys.entering import change_cart
from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.products import find_product
from schemas.ids import ContactId, StoreId
from schemas.incoming.events import Item

SQL = load_queries("activities.intake", "carts.sql")


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart as it is stored: of one thing (`product_id`, `variant_id`), or of `items`."""

    id: str
    contact_id: ContactId
    product_id: str | None
    variant_id: str | None
    quantity: int | None
    items: list[dict[str, Any]]

    @property
    def things(self) -> tuple[Item, ...]:
        """What is in it."""
        if not self.items and (self.product_id or self.variant_id):
            return (Item(product=self.product_id, variant=self.variant_id, quantity=self.quantity or 1),)
        return tuple(Item.model_validate(item) for item in self.items)


async def set_cart(
    connection: Connection, store_id: StoreId, event_id: str, things: tuple[Item, ...], told_at: datetime
) -> tuple[Item, ...] | None:
    """Record what is in a cart that is known.

    Args:
        told_at: when it was like this, by the teller's clock.

    Returns:
        What was not in it before; None: nothing changed, or a newer message was first.
    """
    # Products come before journeys in the order of locks.
    await SQL.hold_products.run(
        connection,
        store_id=store_id,
        product_ids=[thing.product for thing in things if thing.product],
        variant_ids=[thing.variant for thing in things if thing.variant],
    )
    before = await SQL.cart.one(connection, Cart, store_id=store_id, event_id=event_id)
    only = things[0] if len(things) == 1 else None
    written = await SQL.set_cart.value(
        connection,
        store_id=store_id,
        event_id=event_id,
        items=[item.model_dump(mode="json", exclude_none=True) for item in things],
        product_id=only.product if only else None,
        variant_id=only.variant if only else None,
        quantity=sum(thing.quantity for thing in things) or None,
        told_at=told_at,
    )
    if written is None or things == before.things:
        return None
    await change_cart(connection, before.contact_id, store_id, event_id, things)
    await _leave_lines(connection, before.contact_id, store_id, _without(before.things, things), told_at, things)
    return _without(things, before.things)


async def take_out(
    connection: Connection, contact_id: ContactId, store_id: StoreId, things: tuple[Item, ...], at: datetime
) -> None:
    """Take things out of whichever of the contact's carts hold them; a product alone means all of its variants."""
    still: list[Item] = []
    for cart in await SQL.carts_of.rows(connection, Cart, contact_id=contact_id, store_id=store_id, at=at):
        left = tuple(thing for thing in cart.things if not any(_is(thing, gone) for gone in things))
        if left != cart.things:
            await set_cart(connection, store_id, cart.id, left, at)
        still += left
    await _leave_lines(connection, contact_id, store_id, things, at, still)


async def empty_checkouts(connection: Connection, store_id: StoreId, cart_id: str, at: datetime) -> None:
    """The checkouts that were made of this cart are there no more."""
    for event_id in await SQL.checkouts_of_cart.values(connection, store_id=store_id, cart_id=cart_id):
        await set_cart(connection, store_id, event_id, (), at)


async def name_cart(connection: Connection, store_id: StoreId, event_id: str, cart_id: str) -> None:
    """A checkout was made of this cart."""
    await SQL.name_cart.run(connection, store_id=store_id, event_id=event_id, cart_id=cart_id)


def _without(things: Iterable[Item], others: Iterable[Item]) -> tuple[Item, ...]:
    known = tuple(others)
    return tuple(thing for thing in things if not any(_is(thing, other) for other in known))


def _is(thing: Item, named: Item) -> bool:
    if named.variant is not None and thing.variant is not None:
        return thing.variant == named.variant
    return thing.product == named.product


async def _leave_lines(
    connection: Connection,
    contact_id: ContactId,
    store_id: StoreId,
    things: Iterable[Item],
    at: datetime,
    still: Iterable[Item],
) -> None:
    """They leave the lines for things, and for a whole product unless something of it is still in the cart."""
    kept = tuple(still)
    for thing in things:
        product_id = await find_product(connection, store_id, thing.product, thing.variant)
        if product_id is not None:
            await SQL.leave_cart_lines.run(
                connection,
                contact_id=contact_id,
                store_id=store_id,
                product_id=product_id,
                variant_id=thing.variant,
                still_products=[each.product for each in kept if each.product],
                still_variants=[each.variant for each in kept if each.variant],
                at=at,
            )
