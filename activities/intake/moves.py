"""Variants that a product message names though they are of another product: they moved, or are another thing.

A shop has an id for one thing. A newer message that names a variant for another product moves it there, with everyone
who waits for it. Where the SKUs or inventory items say that it is another thing, it stays where it is while that is
sold or somebody waits for it. Where two products name it in turn, it is with the last, and those who entered for the
other are told nothing (`variants_named_twice`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.incoming.facts import ProductFact, VariantFact

SQL = load_queries("activities.intake", "moves.sql")


class AnotherThing(DomainError):
    """A product that was put in by hand names a variant that is another thing under another product."""

    code = "another_thing"
    kind = ErrorKind.CONFLICT
    advice = "Give it an id of its own, or first put in the other product without it."

    def __init__(self, variants: Sequence["VariantElsewhere"]) -> None:
        first = variants[0]
        super().__init__(
            f"Variant '{first.variant_id}' is known of product '{first.product_id}', "
            "with another SKU or inventory item: one id cannot be two things."
        )


@dataclass(frozen=True, slots=True)
class VariantElsewhere:
    """A variant that a message names, and the other product that it is of.

    Attributes:
        what: `stale`: a newer message named it there; `another_thing`: it stays there; `moved`: it comes here.
    """

    variant_id: str
    product_id: str
    what: Literal["stale", "another_thing", "moved"]


@dataclass(frozen=True, slots=True)
class Naming:
    """What a product message means for the variants that it names.

    Attributes:
        taken: those that are of the product now.
        moved: those of them that were of another product.
        refused: those that are another thing under another product.
    """

    taken: Sequence[VariantFact]
    moved: Sequence[VariantElsewhere] = ()
    refused: Sequence[VariantElsewhere] = ()

    @property
    def left(self) -> Sequence[str]:
        """The products that some of them moved away from."""
        return sorted({variant.product_id for variant in self.moved})


NOTHING_NAMED = Naming(())


async def hold_other_products(connection: Connection, store_id: StoreId, fact: ProductFact) -> bool:
    """Whether the message names variants of other products; then these and its own product are locked, in order."""
    elsewhere = await _elsewhere(connection, store_id, fact)
    if elsewhere:
        product_ids = [fact.product_id, *(variant.product_id for variant in elsewhere)]
        await SQL.hold_products.run(connection, store_id=store_id, product_ids=product_ids)
    return bool(elsewhere)


async def name_variants(connection: Connection, store_id: StoreId, fact: ProductFact) -> Naming:
    """Which of its variants the message may change, once all products concerned are locked; the others are noted."""
    elsewhere = {variant.variant_id: variant for variant in await _elsewhere(connection, store_id, fact)}
    moved = [variant for variant in elsewhere.values() if variant.what == "moved"]
    refused = [variant for variant in elsewhere.values() if variant.what == "another_thing"]
    for variant in moved:
        await SQL.note_move.run(
            connection,
            store_id=store_id,
            variant_id=variant.variant_id,
            left=variant.product_id,
            taken_by=fact.product_id,
        )
    for variant in refused:
        await SQL.note_another_thing.run(
            connection, store_id=store_id, variant_id=variant.variant_id, product_id=fact.product_id
        )
    return Naming(
        taken=[
            variant
            for variant in fact.variants
            if variant.variant_id not in elsewhere or elsewhere[variant.variant_id].what == "moved"
        ],
        moved=moved,
        refused=refused,
    )


async def _elsewhere(connection: Connection, store_id: StoreId, fact: ProductFact) -> list[VariantElsewhere]:
    return await SQL.elsewhere.rows(
        connection,
        VariantElsewhere,
        store_id=store_id,
        product_id=fact.product_id,
        variant_ids=[variant.variant_id for variant in fact.variants],
        items=[variant.inventory_item_id for variant in fact.variants],
        skus=[variant.sku for variant in fact.variants],
        observed_at=fact.observed_at,
    )
