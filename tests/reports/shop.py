"""A shop with every kind of alert, and the words in which these tests speak of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from activities.intake.intake import Intake
from activities.postgres.pool import Pool, transaction
from activities.waitlist.claims import Waitlist
from activities.waitlist.entrances import Entrances
from activities.waitlist.entry import Entered
from activities.waitlist.interest import Interest
from schemas.document.alert_types.vocabulary import Action
from schemas.document.conversation import ConversationDocument
from schemas.ids import JourneyId, Subject
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.responses.why import NotYet, WhyEntry
from starter.documents import load_document
from starter.ops.pausing import Pausable
from starter.shops.consents import Consents
from starter.support.why import About, Why
from tests.product import STORE, Shop, address

BACK = Pausable("alert", "back-in-stock")
PROGRAMME = Pausable("conversation", "back-in-stock")

_WATCHES = """
conversation: watches
name: Watches
list: {code: watchers, name: Watchers, time_zone: Europe/Berlin}
alerts:
  cheaper: {type: price-drop, action: browse, drops_by: 10%}
  nearly-gone: {type: low-inventory, action: cart, low_at: 3}
threads:
  - {name: Cheaper, on: cheaper.alert, steps: [{send: cheaper}]}
  - {name: Nearly gone, on: nearly-gone.alert, steps: [{send: nearly-gone}]}
messages:
  cheaper: {channel: email, subject: Cheaper, text: It is cheaper.}
  nearly-gone: {channel: email, subject: Nearly gone, text: It is nearly gone.}
"""


def watches() -> ConversationDocument:
    """A price drop by browsing and low inventory by cart, on a list of their own."""
    return load_document(_WATCHES.encode(), "watches.yaml")


@dataclass(frozen=True)
class Counter:
    """The shop, its shelf and whoever asks why."""

    pool: Pool
    shop: Shop
    waitlist: Waitlist

    @classmethod
    def over(cls, pool: Pool) -> "Counter":
        return cls(pool, Shop(pool, Intake(pool)), Waitlist(pool))

    async def prices(self, price: str, units: int, on_sale: bool = True) -> None:
        """Variant `v` costs this, and so many are there."""
        variant = VariantFact(variant_id="v", inventory_item_id="item-v", price=Decimal(price), quantity=units)
        fact = ProductFact(
            product_id="p", title="Blue kettle", on_sale=on_sale, variants=(variant,), observed_at=datetime.now(UTC)
        )
        await self.shop.intake.observe(STORE, "shopify", [fact])

    async def shows_interest(self, action: Action, *names: str) -> list[JourneyId]:
        """These looked at variant `v`, or put it in the cart, may be written to, and enter."""
        enlisting = Entrances(self.pool)
        entered: list[JourneyId] = []
        for name in names:
            who = await Consents(self.pool).record(address(name), "test", granted=True, by="test")
            async with transaction(self.pool) as connection:
                interest = Interest(STORE, "p", "v", datetime.now(UTC))
                for each in await enlisting.interested(connection, action, who, interest):
                    assert isinstance(each, Entered), each
                    entered.append(each.journey_id)
        return entered

    async def looks(self) -> int:
        """Every shelf that was asked to look does, to the end. Returns how many were called forward by it."""
        before = await self._claims()
        rows = await self.pool.fetch("delete from outbox where kind = 'look_again' returning store_id, subject")
        for row in rows:
            subject = Subject.from_key(row["store_id"], row["subject"])
            while (await self.waitlist.give_places(subject)).more:
                pass
        return await self._claims() - before

    async def _claims(self) -> int:
        return await self.pool.fetchval("select count(*) from claims")

    async def why(self, name: str) -> WhyEntry:
        """The one thing this contact was considered for."""
        (entry,) = (await Why(self.pool).contact(address(name), About())).entries
        return entry

    async def not_yet(self, name: str) -> NotYet:
        standing = (await self.why(name)).standing
        assert standing is not None
        return standing.not_yet

    async def bought(self, name: str, order: str = "o-1") -> None:
        """They ordered product `p`, now."""
        await self.pool.execute(
            """
            insert into orders (store_id, order_id, contact_id, product_id, ordered_at, observed_at)
            select $1, $2, id, 'p', now(), now() from contacts where email = $3""",
            STORE,
            order,
            address(name),
        )
