"""The whole catalogue of a store, read from its platform: what it has is applied, and what it has no more is gone.

Applied page by page, so that a reading that breaks off has lost nothing, and the next one goes over the same again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.connections.asking import APPLIED_AT_ONCE, ask, learn, now
from activities.connections.shops import OpenShop
from activities.intake.intake import Intake
from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from activities.storefronts.shop_api import Watched
from activities.storefronts.shop_http import ShopAnswerOdd
from schemas.errors import DomainError, ErrorKind
from schemas.incoming.facts import Fact, ProductFact, ProductGoneFact

SQL = load_queries("activities.connections", "catalogue.sql")

MOST_GONE = 0.2
"""Of all products; where more are missing, the catalogue is taken for cut off until a person says not."""
MOST_REPEATED = 1000
"""Pages in a row of which every product was read before: more than any product has pages of variants."""
FEW = 5
"""So many may always be gone: a small shop sells out its last things."""

Advance = Callable[[int, int | None], None]
"""Told after each page: products read so far, and how many there are where that is known."""


class CatalogueShrank(DomainError):
    """So many products are missing that the catalogue may be cut off. What it has was applied; nothing is gone yet."""

    code = "catalogue_shrank"
    kind = ErrorKind.CONFLICT
    advice = "If they are really gone, `shelftalk store sync STORE --accept-gone`."

    def __init__(self, missing: int, of: int) -> None:
        super().__init__(f"{missing:,} of {of:,} products are missing in the catalogue that were known before.")


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a catalogue.

    Attributes:
        products: that it has.
        gone: that it has no more.
    """

    products: int
    gone: int


async def read_catalogue(pool: Pool, intake: Intake, shop: OpenShop, advance: Advance, *, accept_gone: bool) -> Read:
    """Read a store's catalogue and apply it.

    Raises:
        CatalogueShrank: as it says.
        AccessRefused, ShopAway, ShopAnswerOdd: as they say; what was read until then is applied.
    """
    began = await now(pool)
    known: list[str] = await SQL.products.values(pool, store_id=shop.store_id)
    seen: set[str] = set()
    read = repeated = 0
    async for page in shop.api.catalogue():
        # Since the beginning: a page may be of a file that the shop began to write then.
        await learn(intake, shop, page.facts, began)
        products = {fact.product_id for fact in page.facts if isinstance(fact, ProductFact)}
        if products:
            repeated = repeated + 1 if products <= seen else 0
        if repeated >= MOST_REPEATED:
            raise ShopAnswerOdd("The shop's catalogue has the same products again and again.")
        seen |= products
        read = page.read
        advance(page.read, page.total)
    missing = sorted(set(known) - seen)
    before = len(missing) + len(seen)
    if len(missing) > max(FEW, MOST_GONE * before) and not accept_gone:
        raise CatalogueShrank(len(missing), before)
    gone = 0
    for part in range(0, len(missing), APPLIED_AT_ONCE):
        some = missing[part : part + APPLIED_AT_ONCE]
        facts = await ask(pool, intake, shop, _asked_again(shop, some, began))
        gone += sum(isinstance(fact, ProductGoneFact) for fact in facts)
    await SQL.synced.run(pool, store_id=shop.store_id, at=began, products=read)
    return Read(read, gone)


async def _asked_again(shop: OpenShop, missing: Sequence[str], began: datetime) -> Sequence[Fact]:
    """What became of products that the catalogue lacked: one may have slipped between two pages."""
    try:
        return await shop.api.read_back([Watched(product) for product in missing])
    except ShopAnswerOdd:
        # They may have ids that the platform never gave: put in by hand.
        return [ProductGoneFact(product_id=product, observed_at=began) for product in missing]
