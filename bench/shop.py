"""The shop that is measured: variants, people who wait, and signed webhooks that say what is there."""

import itertools
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Protocol

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.storefronts.shopify import Shopify, sign
from activities.waitlist.intake import Intake
from schemas.conversation import ConversationDocument, ExitStep, SendStep
from schemas.facts import ProductFact, VariantFact
from schemas.ids import StoreId
from starter.documents import load_document
from starter.operations import Operations

SQL = load_queries("bench", "fill.sql")

STORE = StoreId("bench.example.com")
SECRET = "the secret of the benchmark's shop"
LOCATION = 1
_FIRST_ITEM = 1_000_000
"""Item ids are variant ids from here on: both are numbers, and never the same."""


def conversation() -> ConversationDocument:
    """The starter conversation without its reminder and the wait before it: what events are counted of."""
    text = files("starter").joinpath("conversations/back-in-stock.yaml").read_text(encoding="utf-8")
    document = load_document(text, "back-in-stock.yaml")
    thread = document.threads[0]
    first = next(step for step in thread.steps if isinstance(step, SendStep))
    steps = (first, *(step for step in thread.steps if isinstance(step, ExitStep)))
    return document.model_copy(
        update={
            "threads": (thread.model_copy(update={"steps": steps}),),
            "messages": {first.send: document.messages[first.send]},
        }
    )


class Door(Protocol):
    """Where webhooks and sign-ups go in."""

    async def webhook(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns once it is committed."""
        ...

    async def sign_up(self, email: str, variant: int) -> None:
        """Returns once it is committed."""
        ...


@dataclass(frozen=True, slots=True)
class DirectDoor:
    """Straight into the operations, without HTTP."""

    operations: Operations
    storefront: Shopify = field(default_factory=lambda: Shopify((SECRET,)))

    async def webhook(self, body: bytes, headers: Mapping[str, str]) -> None:
        await self.operations.receive_webhook(self.storefront, body, headers)

    async def sign_up(self, email: str, variant: int) -> None:
        await self.operations.sign_up(email, STORE, str(variant), "bench")


@dataclass(slots=True)
class Shop:
    """One shop over one database."""

    pool: Pool
    door: Door
    _variants: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _people: Iterator[int] = field(default_factory=itertools.count)

    async def new_variant(self) -> int:
        """A variant that is sold out."""
        number = next(self._variants)
        variant = VariantFact(
            variant_id=str(number), inventory_item_id=str(_FIRST_ITEM + number), title="One size", quantity=0
        )
        product = ProductFact(
            product_id=str(number),
            title=f"Kettle {number}",
            handle=f"kettle-{number}",
            on_sale=True,
            variants=(variant,),
            observed_at=datetime.now(UTC),
        )
        await Intake(self.pool).observe(STORE, "shopify", [product])
        return number

    async def wait_in_line(self, variant: int, count: int, *, start: bool) -> None:
        """Put `count` new people in line; `start`: their workflows too, through the outbox, as sign-ups do."""
        prefix = f"b{next(self._people)}-"
        await self.pool.execute(
            SQL["wait_in_line"], prefix, 1, count, STORE, str(variant), start, timeout=FILL_LIMIT_SECONDS
        )

    async def has(self, variant: int, units: int) -> None:
        """A signed webhook says so; returns once it is committed."""
        body, headers = level_webhook(variant, units)
        await self.door.webhook(body, headers)


FILL_LIMIT_SECONDS = 120.0
"""Twenty thousand people with their indexes and foreign keys take seconds."""


def level_webhook(variant: int, units: int) -> tuple[bytes, Mapping[str, str]]:
    """An `inventory_levels/update` as Shopify signs it."""
    now = datetime.now(UTC).isoformat()
    level = {
        "inventory_item_id": _FIRST_ITEM + variant,
        "location_id": LOCATION,
        "available": units,
        "updated_at": now,
    }
    body = json.dumps(level).encode()
    return body, {
        "X-Shopify-Hmac-Sha256": sign(body, SECRET.encode()).decode(),
        "X-Shopify-Topic": "inventory_levels/update",
        "X-Shopify-Shop-Domain": STORE,
        "X-Shopify-Webhook-Id": secrets.token_hex(16),
        "X-Shopify-Triggered-At": now,
        "Content-Type": "application/json",
    }
