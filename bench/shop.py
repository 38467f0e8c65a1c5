"""The shop that is measured: variants, people who wait, and signed webhooks that say what is there.

Every alert type watches every variant, as in a shop that uses them all; what is told and timed is back in stock.
"""

import asyncio
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from bench.http import Connection
from bench.imitation import ImitatedShopify
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import ExitStep, SendStep
from schemas.ids import Level, StoreId
from schemas.incoming.facts import ProductFact, VariantFact
from starter.documents import load_document
from starter.runtime.ports import LOOPBACK

SQL = load_queries("bench", "queries.sql")

STORE = StoreId("bench.example.com")
SENDS = ImitatedShopify("the secret of the benchmark's shop", STORE)
_FIRST_ITEM = 1_000_000
"""Item ids are variant ids from here on: both are numbers, and never the same."""

BACK_IN_STOCK = "back-in-stock"
MOVED = "moved"
"""A conversation, its list and its alert."""
LOW_INVENTORY = "nearly-gone"
WATCHES = {"looked-at": Decimal(90), "in-the-cart": Decimal(95), LOW_INVENTORY: Decimal(3)}
"""The other starters' alerts, with the bound at which those who watch are told: two of price, one of units."""
PRICE = Decimal(100)
OTHER_SUBJECTS = 100
IN_LINE = 20
"""Those who wait for each of the other subjects, and those who watch any variant, by alert."""
IN_STOCK = 20
"""Units of every other one of them."""


def conversations() -> tuple[ConversationDocument, ...]:
    """The starters of every alert type; of the one that is timed, what the events of a journey are counted of."""
    others = ("price-drop.yaml", "price-drop-cart.yaml", "low-inventory.yaml")
    return _told_once(_starter("back-in-stock.yaml")), *map(_starter, others)


def moved_conversation(name: str) -> ConversationDocument:
    """A conversation of its own, whose journeys are moved from one version to another."""
    told = _told_once(_starter("back-in-stock.yaml"))
    (alert,), (thread,) = told.alerts.values(), told.threads
    return told.model_copy(
        update={
            "conversation": MOVED,
            "name": name,
            "list": told.list.model_copy(update={"code": MOVED, "only_by_name": True}),
            "alerts": {MOVED: alert},
            "threads": (thread.model_copy(update={"on": f"{MOVED}.alert"}),),
        }
    )


def whole_conversation() -> ConversationDocument:
    """A conversation that watches products as a whole."""
    document = moved_conversation("Whole products")
    alerts = {code: alert.model_copy(update={"level": Level.PRODUCT}) for code, alert in document.alerts.items()}
    return document.model_copy(update={"alerts": alerts})


def _starter(name: str) -> ConversationDocument:
    return load_document(files("starter").joinpath(f"conversations/{name}").read_text(encoding="utf-8"), name)


def _told_once(document: ConversationDocument) -> ConversationDocument:
    """Without its reminder and the wait before it."""
    thread = document.threads[0]
    first = next(step for step in thread.steps if isinstance(step, SendStep))
    steps = (first, *(step for step in thread.steps if isinstance(step, ExitStep)))
    return document.model_copy(
        update={
            "threads": (thread.model_copy(update={"steps": steps}),),
            "messages": {first.send: document.messages[first.send]},
        }
    )


class RequestFailed(Exception):
    """The web server did not take a request; the text has its answer."""


@dataclass(slots=True)
class WebClient:
    """The web server, over a few kept connections; a request waits for a free one."""

    port: int
    connections: int
    _free: asyncio.Queue[Connection] = field(default_factory=asyncio.Queue[Connection])

    def __post_init__(self) -> None:
        for _ in range(self.connections):
            self._free.put_nowait(Connection(LOOPBACK, self.port))

    async def webhook(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns once it is committed.

        Raises:
            RequestFailed: it was not.
        """
        await self._post(SENDS.path, headers, body, 200)

    async def sign_up(self, email: str, variant: int) -> None:
        """Returns once it is committed.

        Raises:
            RequestFailed: it was not.
        """
        await self._post("/v1/signups", {"Content-Type": "application/json"}, sign_up_body(email, variant), 202)

    def close(self) -> None:
        """Let go of the server."""
        while not self._free.empty():
            self._free.get_nowait().close()

    async def _post(self, path: str, headers: Mapping[str, str], body: bytes, wanted: int) -> None:
        connection = await self._free.get()
        try:
            answer = await connection.request("POST", path, headers, body)
        finally:
            self._free.put_nowait(connection)
        if answer.status != wanted:
            raise RequestFailed(f"POST {path}: {answer.status} {answer.body.decode(errors='replace')}")


@dataclass(slots=True)
class Shop:
    """One shop over one database."""

    pool: Pool
    web: WebClient
    _variants: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _people: Iterator[int] = field(default_factory=itertools.count)

    async def new_variant(self) -> int:
        """A variant that is sold out, and watched for its price and quantity."""
        number = await self._sells(0)
        await self._is_watched(number, 0)
        return number

    async def sells_other_things(self) -> None:
        """A hundred subjects beside what is measured: half sold out with people in line, half in stock and watched."""
        for number in range(OTHER_SUBJECTS):
            units = IN_STOCK if number % 2 else 0
            variant = await self._sells(units)
            await self._is_watched(variant, units)
            if not number % 2:
                await self.wait_in_line(variant, IN_LINE, start=False)

    async def wait_in_line(self, variant: int, count: int, *, start: bool) -> None:
        """Put `count` new people in line; `start`: their workflows too, through the outbox, as sign-ups do."""
        await self._enter(variant, count, BACK_IN_STOCK, None, start=start, armed=True)

    async def is_imported(self, variant: int, count: int) -> None:
        """Put `count` new people in line, whose workflows are to start late, as after an import."""
        await self._enter(variant, count, BACK_IN_STOCK, None, start=False, armed=True, late=True)
        await SQL.start_late.within(FILL_LIMIT_SECONDS).run(self.pool)

    async def wait_to_be_moved(self, variant: int, count: int) -> None:
        """Put `count` new people in line in the conversation that is moved, with their workflows."""
        await self._enter(variant, count, MOVED, None, start=True, armed=True)

    async def many_variants(self, count: int) -> list[int]:
        """A product of so many variants, all sold out."""
        numbers = list(itertools.islice(self._variants, count))
        await self._tells(numbers, 0)
        return numbers

    async def _sells(self, units: int) -> int:
        number = next(self._variants)
        await self._tells([number], units)
        return number

    async def _tells(self, variants: list[int], units: int) -> None:
        product = ProductFact(
            product_id=str(variants[0]),
            title=f"Kettle {variants[0]}",
            handle=f"kettle-{variants[0]}",
            on_sale=True,
            variants=tuple(
                VariantFact(
                    variant_id=str(number),
                    inventory_item_id=str(_FIRST_ITEM + number),
                    title="One size",
                    price=PRICE,
                    quantity=units,
                )
                for number in variants
            ),
            observed_at=datetime.now(UTC),
        )
        await Intake(self.pool).observe(STORE, "api", [product])

    async def _is_watched(self, variant: int, units: int) -> None:
        for alert, bound in WATCHES.items():
            armed = alert != LOW_INVENTORY or units > bound
            await self._enter(variant, IN_LINE, alert, bound, start=False, armed=armed)

    async def _enter(
        self,
        variant: int,
        count: int,
        alert: str,
        bound: Decimal | None,
        *,
        start: bool,
        armed: bool,
        late: bool = False,
    ) -> None:
        for first in range(0, count, FILLED_AT_ONCE):
            await SQL.wait_in_line.within(FILL_LIMIT_SECONDS).run(
                self.pool,
                prefix=f"b{next(self._people)}-",
                count=min(FILLED_AT_ONCE, count - first),
                store_id=STORE,
                variant_id=str(variant),
                alert=alert,
                trigger_at=bound,
                armed=armed,
                start=start,
                late=late,
            )

    async def has(self, variant: int, units: int) -> None:
        """Send a signed webhook with this level; returns once it is committed."""
        body, headers = level_webhook(variant, units)
        await self.web.webhook(body, headers)


FILLED_AT_ONCE = 20_000
FILL_LIMIT_SECONDS = 120.0
"""So many people with their indexes and foreign keys take seconds."""


def sign_up_body(email: str, variant: int) -> bytes:
    """What a shop's page posts."""
    return json.dumps({"store": STORE, "variant": str(variant), "email": email}).encode()


def level_webhook(variant: int, units: int) -> tuple[bytes, Mapping[str, str]]:
    """The webhook of a level, signed as the storefront signs it."""
    request = SENDS.level(_FIRST_ITEM + variant, units)
    return request.body, request.headers
