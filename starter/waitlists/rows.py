"""Which product or variant of the store each row of a waiting list's file means, or why that is not known.

A row means the most exact that it names (variant, then SKU, then product) and nothing else: where that is not certain
the row is left out and reported by its line, never guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.ids import Level, StoreId
from schemas.responses.waitlists import ImportMistake, LeftOut
from starter.waitlists.files.files import WaitlistRow

SQL = load_queries("starter.waitlists", "waitlists.sql")

IDS_AT_ONCE = 5000
"""Ids looked up in one query."""
MOST_MISTAKES = 1000
"""Mistakes kept word for word; nobody reads more before mending the first."""

_PUT_IN = "If the shop still has it, put its product in (`shelftalk product set`) and import the file again."
_TO_MEND = {
    LeftOut.IN_THE_FUTURE: (
        "This time of sign-up lies in the future.",
        "Correct it, or say with --time-zone where the file's times are from.",
    ),
    LeftOut.UNKNOWN_VARIANT: ("The store has no such variant that we know of.", _PUT_IN),
    LeftOut.UNKNOWN_PRODUCT: ("The store has no such product that we know of.", _PUT_IN),
    LeftOut.UNKNOWN_SKU: ("The store has no variant with this SKU that we know of.", _PUT_IN),
    LeftOut.SEVERAL_VARIANTS: (
        "This means several variants, and the alert watches single ones.",
        "Name the variant by its id, or import into an alert that watches whole products.",
    ),
    LeftOut.OTHER_ALERT: (
        "The row names an alert that is not the one imported into, or that nobody can enter.",
        "Import into that alert with --alert, or leave the column out with --column alert=.",
    ),
}
"""What is wrong with a row that somebody can put right, and how."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A product of the store, and the variant of it where one is meant."""

    product_id: str
    variant_id: str | None


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant that a file may mean; `removed`: the store has it no more."""

    product_id: str
    variant_id: str
    sku: str | None
    removed: bool

    @property
    def thing(self) -> Thing:
        return Thing(self.product_id, self.variant_id)


class Catalogue:
    """The products and variants of a store that a file names, as far as they are known."""

    def __init__(self) -> None:
        self._by_id: dict[str, Thing] = {}
        self._by_sku: defaultdict[str, list[VariantRow]] = defaultdict(list)
        self._by_product: defaultdict[str, list[VariantRow]] = defaultdict(list)
        self._products: set[str] = set()

    @classmethod
    async def of(cls, pool: Pool, store_id: StoreId, rows: Sequence[WaitlistRow]) -> "Catalogue":
        """All that these rows name."""
        catalogue = cls()
        inexact = [row for row in rows if row.variant_id is None]
        for ids in _batches(row.variant_id for row in rows):
            for each in await SQL.variants_by_id.rows(pool, VariantRow, store_id=store_id, ids=ids):
                catalogue._by_id[each.variant_id] = each.thing
        for skus in _batches(row.sku for row in inexact):
            for each in await SQL.variants_by_sku.rows(pool, VariantRow, store_id=store_id, skus=skus):
                catalogue._by_sku[each.sku or ""].append(each)
        for ids in _batches(row.product_id for row in inexact):
            catalogue._products.update(await SQL.products.values(pool, store_id=store_id, ids=ids))
        for ids in _batches(catalogue._products):
            for each in await SQL.variants_by_product.rows(pool, VariantRow, store_id=store_id, ids=ids):
                catalogue._by_product[each.product_id].append(each)
        return catalogue

    def find(self, row: WaitlistRow, level: Level) -> Thing | LeftOut:
        """What a row means to an alert of this level."""
        if row.variant_id is not None:
            return self._by_id.get(row.variant_id, LeftOut.UNKNOWN_VARIANT)
        if row.sku is not None:
            with_sku = [each for each in self._by_sku[row.sku] if row.product_id in (None, each.thing.product_id)]
            return _only(with_sku, level) if with_sku else LeftOut.UNKNOWN_SKU
        if row.product_id is None or row.product_id not in self._products:
            return LeftOut.UNKNOWN_PRODUCT
        return Thing(row.product_id, None) if level is Level.PRODUCT else _only(self._by_product[row.product_id], level)


def _only(found: Sequence[VariantRow], level: Level) -> Thing | LeftOut:
    """The one variant or product that these come to; removed variants count only where no other is left."""
    things = [each.thing for each in found if not each.removed] or [each.thing for each in found]
    of_one_product = level is Level.PRODUCT and len({thing.product_id for thing in things}) == 1
    return things[0] if len(things) == 1 or of_one_product else LeftOut.SEVERAL_VARIANTS


def _batches(ids: Iterable[str | None]) -> Iterable[list[str]]:
    """The ids that are named, each once, as many at a time as one query takes."""
    named = sorted({each for each in ids if each is not None})
    return (named[start : start + IDS_AT_ONCE] for start in range(0, len(named), IDS_AT_ONCE))


@dataclass
class LeftOutRows:
    """The rows that are not even tried, by why, and those of them that can be put right, by line."""

    counts: Counter[LeftOut] = field(default_factory=Counter[LeftOut])
    diagnostics: list[ImportMistake] = field(default_factory=list[ImportMistake])
    mistake_count: int = 0

    def add(self, row: WaitlistRow, why: LeftOut) -> None:
        self.counts[why] += 1
        if why in _TO_MEND:
            message, advice = _TO_MEND[why]
            self.add_mistakes([ImportMistake(line=row.line, column="", message=message, advice=advice)], 1)

    def add_mistakes(self, diagnostics: Sequence[ImportMistake], count: int) -> None:
        """`count` of them, of which these are the first."""
        self.mistake_count += count
        self.diagnostics.extend(diagnostics)

    def first_mistakes(self) -> tuple[ImportMistake, ...]:
        """In the order of the file."""
        return tuple(sorted(self.diagnostics, key=lambda diagnostic: diagnostic.line)[:MOST_MISTAKES])
