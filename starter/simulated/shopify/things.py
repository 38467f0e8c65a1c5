"""What a simulated Shopify shop has: products, locations, bulk operations; and how GraphQL names and lists them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

PUBLISHED = "2026-01-01T08:00:00Z"


@dataclass
class Variant:
    """A variant, and its inventory item with what there is of it at which location."""

    id: int
    levels: dict[int, int] = field(default_factory=dict[int, int])
    title: str = "Default Title"
    price: str = "19.90"
    policy: str = "DENY"
    tracked: bool = True
    updated_at: str = PUBLISHED

    @property
    def item(self) -> int:
        return self.id + 1000


@dataclass
class Product:
    """A product with its variants."""

    id: int
    variants: list[Variant]
    title: str = "Kettle"
    status: str = "ACTIVE"
    published_at: str | None = PUBLISHED
    updated_at: str = PUBLISHED
    handle: str = ""

    @property
    def address(self) -> str:
        """Its name in the address of its page."""
        return self.handle or f"handle-{self.id}"


@dataclass
class Place:
    """A location."""

    id: int
    name: str
    online: bool = True
    active: bool = True


@dataclass
class Operation:
    """A bulk operation, which is done when it was asked after so many times.

    Attributes:
        lines: of its file.
    """

    id: str
    asks_left: int
    lines: list[bytes]
    roots: int
    status: str = "CREATED"
    error: str | None = None


def gid(kind: str, number: object) -> str:
    """The name of a thing in GraphQL."""
    return f"gid://shopify/{kind}/{number}"


def number(name: str) -> int:
    """The number in that."""
    return int(name.rsplit("/", 1)[-1].split("?")[0])


def place(each: Place) -> dict[str, Any]:
    """A location, as it is answered."""
    return {
        "__typename": "Location",
        "id": gid("Location", each.id),
        "name": each.name,
        "isActive": each.active,
        "fulfillsOnlineOrders": each.online,
    }


def connection(
    nodes: Sequence[dict[str, Any]], *, first: int | None = None, after: str | None = None
) -> dict[str, Any]:
    """A page of a list; without `first` all of it, as in bulk queries."""
    begin = int(after) if after else 0
    end = len(nodes) if first is None else begin + first
    page = nodes[begin:end]
    return {
        "nodes": page,
        "edges": [{"node": node, "cursor": str(place + begin + 1)} for place, node in enumerate(page)],
        "pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(begin + len(page)) if page else None},
    }


def moments_later(text: str, seconds: int) -> str:
    """A time of the shop's, so much later."""
    return (
        (datetime.fromisoformat(text).astimezone(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    )
