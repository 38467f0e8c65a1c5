"""Stores, products, variants and their stock: read and written through the API, for shops without webhooks too."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Self
from urllib.parse import urlsplit

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, Field, HttpUrl, model_validator

from activities.intake.clock import clamp_to_now
from schemas.document.conversation import Cap
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import Currency, ExternalId, Policy, ProductFact, Quantity, Text, VariantFact
from schemas.model import Model
from schemas.names import PRINTABLE
from schemas.responses.keys import Scope
from schemas.responses.stock import LevelReport, MovedVariant, StoreReport, VariantPage, VariantReport
from starter.http.actor import Actor
from starter.http.auth import keyed_router, needs
from starter.http.dependencies import InjectedServices
from starter.http.problems import Kind, problem_responses
from starter.shops.stock import BY_HAND, LARGEST_PAGE

router = keyed_router("stores")

MOST_VARIANTS = 2048
"""As many as the most generous storefront lets a product have."""


def _web_address(text: str) -> str:
    HttpUrl(text)
    return text


Store = Annotated[
    StoreId,
    Path(min_length=1, max_length=255, pattern=PRINTABLE, description="The store's id", examples=["shop.example"]),
]
Variant = Annotated[
    str,
    Path(
        min_length=1, max_length=100, pattern=PRINTABLE, description="The variant's id", examples=["642667041472713922"]
    ),
]
Product = Annotated[
    str,
    Path(
        min_length=1, max_length=100, pattern=PRINTABLE, description="The product's id", examples=["788032119674292922"]
    ),
]
Order = Annotated[
    str, Path(min_length=1, max_length=100, pattern=PRINTABLE, description="The order's id", examples=["1001"])
]
WebAddress = Annotated[str, Field(max_length=1000), AfterValidator(_web_address)]


def _front_page(text: str) -> str:
    parts = urlsplit(text)
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("addresses of pages are made from it, so it has no '?' and no '#'")
    return text


class StoreName(Model):
    """How shoppers know the shop. `url` is its front page, without a query."""

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Example Shop"])]
    url: Annotated[WebAddress, AfterValidator(_front_page), Field(examples=["https://shop.example"])]
    currency: Annotated[Currency, Field(examples=["EUR"])] | None = None
    """ISO 4217, what its prices are in; left out: as before. A platform that tells of it has the next word."""
    at_most: Cap | None = None
    """How many messages one contact gets of it in how much time, by all lists together; left out: as before; null: no
    cap."""


class VariantInput(Model):
    """One variant of a product.

    Attributes:
        price: in the store's currency.
        tracked: whether units are counted; of those not counted nobody is told that they are back.
        quantity: units over all locations; left out: as before.
    """

    variant: ExternalId
    inventory_item: ExternalId | None = None
    title: Text = ""
    sku: Text | None = None
    price: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4, examples=["19.99"])] | None = None
    policy: Policy = Policy.DENY
    tracked: bool | None = None
    quantity: Annotated[Quantity, Field(strict=True)] | None = None


class ProductInput(Model):
    """A product with all its variants; those left out are no longer sold.

    Attributes:
        handle: the end of its page's address.
        url: its page's whole address, where that is not made from the store's `url` and the handle.
        on_sale: a shopper can open its page.
    """

    title: Annotated[Text, Field(min_length=1, examples=["Blue kettle"])]
    handle: Text | None = None
    url: WebAddress | None = None
    image_url: WebAddress | None = None
    on_sale: bool = True
    variants: Annotated[tuple[VariantInput, ...], Field(min_length=1, max_length=MOST_VARIANTS)]

    @model_validator(mode="after")
    def _every_variant_once(self) -> Self:
        if len({variant.variant for variant in self.variants}) < len(self.variants):
            raise ValueError("two variants have the same id")
        return self


class ProductAccepted(Model):
    """The product as it was put in.

    Attributes:
        moved: those of the variants that were of another product.
    """

    store: str
    product: str
    variants: tuple[str, ...]
    moved: tuple[MovedVariant, ...] = ()


def _not_ahead(at: datetime) -> datetime:
    if clamp_to_now(at, datetime.now(UTC)) != at:
        raise ValueError("lies in the future, further than clocks differ; leave it out for now")
    return at


class StockInput(Model):
    """The units of a variant at one location.

    Attributes:
        observed_at: when whoever polls read the number, by their clock; older than what is known it changes nothing.
            Left out: as of now, and it holds.
    """

    available: Annotated[Quantity, Field(strict=True, examples=[3])]
    location: ExternalId = BY_HAND
    observed_at: Annotated[AwareDatetime, AfterValidator(_not_ahead)] | None = None


class StockReport(Model):
    """A variant with its units in all and by location. `units` counts some that no location accounts for, too."""

    variant: VariantReport
    levels: tuple[LevelReport, ...]


@router.put(
    "/v1/stores/{store:id}",
    summary="Name a store",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.INVALID),
)
async def name_store(store: Store, named: StoreName, services: InjectedServices, actor: Actor) -> StoreReport:
    """Makes the store if it is new."""
    return await services.stores.name(
        store,
        named.name,
        named.url,
        actor,
        named.currency,
        named.at_most,
        cap_told="at_most" in named.model_fields_set,
    )


@router.put(
    "/v1/stores/{store:id}/products/{product:id}",
    summary="Put in a product",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.INVALID, Kind.CONFLICT),
)
async def put_product(
    store: Store, product: Product, given: ProductInput, services: InjectedServices, actor: Actor
) -> ProductAccepted:
    """Puts in a product as it is now, or changes it. A store that is new is made.

    A variant of another product moves here, with all who wait for it, unless its SKU or inventory item is another.
    """
    variants = tuple(
        VariantFact(
            variant_id=variant.variant,
            inventory_item_id=variant.inventory_item,
            title=variant.title,
            sku=variant.sku,
            price=variant.price,
            policy=variant.policy,
            tracked=variant.tracked,
            quantity=variant.quantity,
        )
        for variant in given.variants
    )
    names = tuple(variant.variant_id for variant in variants)
    fact = ProductFact(
        product_id=product,
        title=given.title,
        handle=given.handle,
        page_url=given.url,
        image_url=given.image_url,
        on_sale=given.on_sale,
        variants=variants,
        all_variant_ids=frozenset(names),
        observed_at=datetime.now(UTC),
    )
    moved = await services.stock.put_product(store, fact, actor)
    return ProductAccepted(store=store, product=product, variants=names, moved=moved)


@router.delete(
    "/v1/stores/{store:id}/products/{product:id}",
    summary="Remove a product",
    dependencies=[needs(Scope.SEND)],
    status_code=204,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def remove_product(store: Store, product: Product, services: InjectedServices, actor: Actor) -> None:
    """The shop has it no more. Those in line for it are told so, if there is a message for it, and leave."""
    await services.stock.remove_product(store, product, actor)


@router.delete(
    "/v1/stores/{store:id}/orders/{order:id}",
    summary="Cancel an order",
    dependencies=[needs(Scope.SEND)],
    status_code=204,
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def cancel_order(store: Store, order: Order, services: InjectedServices, actor: Actor) -> None:
    """The order does not stand any more: what is in it does not count as bought."""
    await services.stock.cancel_order(store, order, actor)


@router.get(
    "/v1/stores/{store:id}/variants",
    summary="List variants",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.INVALID),
)
async def list_variants(
    store: Store,
    services: InjectedServices,
    cursor: Annotated[str | None, Query(max_length=100, description="The `next` of a page")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> VariantPage:
    """By id. A store that is not known has none."""
    return await services.stock.page(store, cursor, limit)


@router.get(
    "/v1/stores/{store:id}/variants/{variant:id}",
    summary="Show a variant",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def show_variant(store: Store, variant: Variant, services: InjectedServices) -> VariantReport:
    """With its units and how many wait for it."""
    return await services.stock.show(Subject(store_id=store, id=variant))


@router.get(
    "/v1/stores/{store:id}/variants/{variant:id}/stock",
    summary="Show a variant's stock",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def show_stock(store: Store, variant: Variant, services: InjectedServices) -> StockReport:
    """By location."""
    return await _stock(services, Subject(store_id=store, id=variant))


@router.put(
    "/v1/stores/{store:id}/variants/{variant:id}/stock",
    summary="Set a variant's stock",
    dependencies=[needs(Scope.SEND)],
    responses=problem_responses(Kind.NOT_FOUND, Kind.INVALID),
)
async def set_stock(
    store: Store, variant: Variant, stock: StockInput, services: InjectedServices, actor: Actor
) -> StockReport:
    """Units at one location. When they arrive, those in line are told. The answer is what is true then."""
    subject = Subject(store_id=store, id=variant)
    await services.stock.set_stock(subject, stock.available, actor, stock.location, stock.observed_at)
    return await _stock(services, subject)


async def _stock(services: InjectedServices, subject: Subject) -> StockReport:
    return StockReport(variant=await services.stock.show(subject), levels=await services.stock.levels(subject))
