"""What a message can show of the cart, checkout or order that its journey was entered on."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from activities.postgres.pool import Connection, Pool
from activities.postgres.queries import load_queries
from activities.rendering.facts import ItemPart
from schemas.ids import StoreId
from schemas.money import in_currency

SQL = load_queries("activities.delivery", "items.sql")

MOST_ITEMS_SHOWN = 20
"""Of a cart, in a message: enough to recognise it by, and a message stays readable."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A row of `items`: one thing in the event that the journey was entered on."""

    title: str
    page_url: str | None
    handle: str | None
    image_url: str | None
    variant_id: str | None
    variant_title: str | None
    price: Decimal | None
    quantity: int


async def items_of(
    database: Pool | Connection,
    store_id: StoreId,
    event_id: str,
    page: Callable[[str | None, str | None, str | None], str],
    currency: str | None,
) -> tuple[ItemPart, ...]:
    """The things in an event, as far as the storefront has told of them.

    Args:
        page: where a product is shown, of its own page, its handle and a variant of it.
        currency: of the store.
    """
    items = await SQL.items.rows(database, ItemRow, store_id=store_id, event_id=event_id, most=MOST_ITEMS_SHOWN)
    return tuple(
        ItemPart(
            title=f"{item.title} ({item.variant_title})" if item.variant_title else item.title,
            url=page(item.page_url, item.handle, item.variant_id),
            quantity=item.quantity,
            image_url=item.image_url,
            price=money(item.price, currency),
        )
        for item in items
    )


def money(price: Decimal | None, currency: str | None) -> Decimal | None:
    """A price with its currency's decimals."""
    return None if price is None else in_currency(price, currency)
