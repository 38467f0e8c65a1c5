"""A shop that people enter late, and the words in which these tests speak of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.waitlist.claims import Waitlist
from schemas.document.conversation import ConversationDocument
from schemas.document.steps import SendStep, Status
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import ProductFact, VariantFact
from schemas.responses.waitlists import BackPopulation, ImportReport
from starter.waitlists.back_population import BackPopulating
from starter.waitlists.files.files import WaitlistFile, read_waitlist
from starter.waitlists.importing import WaitlistImport
from starter.waitlists.waitlists import Lines, Waitlists
from tests.product import Shop, starter_document

SHOP = StoreId("shop.myshopify.com")
"""As in the sample files, whose ids its products have."""
SCARF, RED, BLUE = "7001000000001", "41000000000011", "41000000000012"
LONG_SCARF, LONG_BLUE = "7001000000002", "41000000000021"
HAT, ONE_SIZE = "7001000000003", "41000000000031"

TODAY = datetime.now(UTC).replace(microsecond=0)


def days_ago(days: float) -> datetime:
    return TODAY - timedelta(days=days)


def all_draft() -> ConversationDocument:
    """The starter conversation, with every message a draft."""
    document = starter_document()
    steps = tuple(
        step.model_copy(update={"status": Status.DRAFT}) if isinstance(step, SendStep) else step
        for step in document.threads[0].steps
    )
    return document.model_copy(update={"threads": (document.threads[0].model_copy(update={"steps": steps}),)})


def ignore(_: int) -> None:
    """Nobody looks at the progress."""


def rows(*cells: tuple[str | datetime | int, ...], columns: str = "email,variant_id,signed_up_at") -> WaitlistFile:
    """A file with these rows."""
    lines = [",".join(str(cell) for cell in row) for row in cells]
    return read_waitlist("\n".join([columns, *lines]).encode())


@dataclass(frozen=True)
class LateShop:
    """The shop with all that is done to its waiting lists."""

    pool: Pool
    shop: Shop
    waitlist: Waitlist
    waitlists: Waitlists

    @classmethod
    def over(cls, pool: Pool) -> "LateShop":
        return cls(pool, Shop(pool, Intake(pool)), Waitlist(pool), Waitlists(pool))

    async def sells(self, product: str, *variants: str, units: int = 0, skus: Sequence[str] = ()) -> None:
        """This product with these variants, each with so many units."""
        facts = tuple(
            VariantFact(
                variant_id=variant,
                inventory_item_id=f"item-{variant}",
                title=variant,
                quantity=units,
                tracked=True,
                sku=skus[place] if skus else None,
            )
            for place, variant in enumerate(variants)
        )
        fact = ProductFact(
            product_id=product, title="Wool scarf", on_sale=True, variants=facts, observed_at=datetime.now(UTC)
        )
        await self.shop.intake.observe(SHOP, "shopify", [fact])

    async def imports(self, file: WaitlistFile, alert: str | None = None, *, keep: bool = True) -> ImportReport:
        return await WaitlistImport(self.pool, file, SHOP, alert).run(ignore, ignore, keep=keep, actor="test")

    async def back_populates(self, code: str, since: datetime | None = None, *, keep: bool = True) -> BackPopulation:
        return await BackPopulating(self.pool).run(code, since, ignore, ignore, keep=keep, actor="test")

    async def line(self, variant: str = RED, product: str | None = None) -> list[str]:
        """The names in line for it, in order."""
        lines = Lines(SHOP, None if product else variant, product)
        shown = await self.waitlists.show(lines, None, addresses=True)
        return [(each.email or each.phone or "").partition("@")[0] for each in shown.waiting]

    async def looks(self, variant: str = RED) -> int:
        """The shelf looks, if it was asked to. Returns how many were called forward by it."""
        asked = await self.pool.fetch("delete from outbox where kind = 'look_again' returning subject")
        before = await self.pool.fetchval("select count(*) from claims")
        if asked:
            await self.waitlist.give_places(Subject(store_id=SHOP, id=variant))
        return await self.pool.fetchval("select count(*) from claims") - before

    async def everything(self) -> list[list[tuple[object, ...]]]:
        """All rows that entering writes."""
        tables = ("contacts", "consents", "journeys", "waiting", "episodes", "claims", "outbox", "audit", "events")
        return [[tuple(row) for row in await self.pool.fetch(f"select * from {table} order by 1")] for table in tables]

    async def bought(self, name: str, product: str = SCARF, at: datetime = TODAY) -> None:
        """A contact we know ordered a product."""
        await self.pool.execute(
            """insert into orders (store_id, order_id, contact_id, product_id, ordered_at, observed_at)
               select $1, 'o-' || id, id, $2, $4, $4 from contacts where email = $3""",
            SHOP,
            product,
            f"{name}@shop.example",
            at,
        )

    async def knows(self, name: str, *, granted: bool | None = None) -> None:
        """A contact, and their word about being written to."""
        email = f"{name}@shop.example"
        await self.pool.execute("insert into contacts (id, email) values ($1, $2)", f"c-{name}", email)
        if granted is not None:
            await self.pool.execute(
                "insert into consents (contact_id, channel, granted, source) values ($1, 'email', $2, 'test')",
                f"c-{name}",
                granted,
            )
