"""Products as they are stored: read with all their variants and units, for whoever decides about them."""

from collections import defaultdict

from activities.postgres.pool import Connection
from activities.postgres.queries import load_queries
from activities.stock.offers import Product, Variant
from activities.stock.quantities import Level, Quantities
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.incoming.facts import Policy

SQL = load_queries("activities.intake", "intake.sql")


class UnknownVariant(DomainError):
    """No product message has told of this variant yet, and it was not put in by hand."""

    code = "unknown_variant"
    kind = ErrorKind.NOT_FOUND
    advice = "Its storefront has not told of it yet; `shelftalk product set` puts it in by hand."

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"Nothing is known of {subject}.", public="This shop has no such product variant that we know of."
        )


async def load_product(connection: Connection, store_id: StoreId, product_id: str) -> Product:
    """A product as it is stored, in one query; one that is not known has no variants and is not on sale."""
    rows = await connection.fetch(SQL["product"], store_id, product_id)
    levels: dict[str, dict[str, Level]] = defaultdict(dict)
    for row in rows:
        if row["location_id"] is not None:
            levels[row["variant_id"]][row["location_id"]] = Level(row["available"], row["observed_at"])
    return Product(
        on_sale=bool(rows) and rows[0]["on_sale"],
        variants={
            row["variant_id"]: Variant(
                removed=row["removed"],
                tracked=row["tracked"],
                policy=Policy(row["policy"]),
                price=row["price"],
                quantities=Quantities(levels[row["variant_id"]], row["elsewhere"], row["total_observed_at"]),
            )
            for row in rows
            if row["variant_id"] is not None
        },
    )
