"""`shelftalk signup`, `stock` and `product`: what storefronts and shoppers do, done by hand."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from activities.waitlist.entrances import Declined
from activities.waitlist.entry import Entered, NotEntered
from schemas.addresses import email_address
from schemas.ids import StoreId, Subject
from schemas.incoming.facts import ProductFact, Quantity, VariantFact, units_in_text
from schemas.model import Model
from schemas.reasons import Reason
from schemas.responses.journeys import JourneyReport, in_words
from schemas.responses.stock import MovedVariant, VariantReport
from schemas.wanted import MOST_WANTED
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import said
from starter.commands.terminal.output import clock
from starter.services import Services
from starter.shops.stock import BY_HAND

stock = typer.Typer(help="The units of variants.", no_args_is_help=True)
product = typer.Typer(help="Products, for shops without webhooks and before the first one.", no_args_is_help=True)

SOURCE = "command line"
"""Where consent was given, as the record has it."""

Store = Annotated[str, typer.Option("--store", help="The store's id, as its storefront has it.")]
Variant = Annotated[str, typer.Option("--variant", help="The storefront's own id of the variant.")]


class Product(Model):
    """A product as it is known after it was put in; `moved`: those of its variants that were of another one."""

    variants: tuple[VariantReport, ...]
    moved: tuple[MovedVariant, ...] = ()


@command
def signup(
    terminal: Terminal,
    store: Store,
    variant: Variant,
    email: Annotated[str | None, typer.Argument(help="Their e-mail address; not needed with --phone.")] = None,
    list_code: Annotated[
        str | None, typer.Option("--list", help="The list; needed where several of the store could be meant.")
    ] = None,
    phone: Annotated[
        str | None, typer.Option(help="Their number, with + and the country's code, beside or instead of an address.")
    ] = None,
    sms_consent: Annotated[bool, typer.Option("--sms-consent", help="They agree to text messages to it.")] = False,
    quantity: Annotated[
        int | None, typer.Option(min=1, max=MOST_WANTED, help="How many units they want; they are told of no fewer.")
    ] = None,
) -> None:
    """Put a contact in line for a variant. One who stands there already keeps their place."""
    if email is None and phone is None:
        raise typer.BadParameter("name an e-mail address, a number with --phone, or both", param_hint="EMAIL, --phone")
    if sms_consent and phone is None:
        raise typer.BadParameter("it is about a number: name that with --phone", param_hint="--sms-consent")
    address = None if email is None else _address(email)

    async def question(services: Services) -> JourneyReport:
        match await services.sign_ups.sign_up(
            address,
            StoreId(store),
            variant,
            SOURCE,
            list_code=list_code,
            by=who(),
            phone=phone,
            texts=sms_consent,
            quantity=quantity,
        ):
            case Entered(journey_id=journey_id):
                return await services.journeys.show(journey_id)
            case NotEntered() as refused:
                raise Declined(refused)

    terminal.answer(question, _in_line)


@stock.command("set")
@command
def stock_set(
    terminal: Terminal,
    units: Annotated[str, typer.Argument(help="Units available now; of a part of one nothing counts.")],
    store: Store,
    variant: Variant,
    location: Annotated[str, typer.Option(help="Where they are; each location has its own number.")] = BY_HAND,
) -> None:
    """Set the units of a variant at one location, as of now. Those next in line are told if it is back."""
    whole = _units(units)
    terminal.answer(
        lambda services: services.stock.set_stock(subject_of(store, variant), whole, who(), location), _variant
    )


@stock.command("show")
@command
def stock_show(terminal: Terminal, store: Store, variant: Variant) -> None:
    """Show a variant: its units, and how many wait for it."""
    terminal.answer(lambda services: services.stock.show(subject_of(store, variant)), _variant)


@product.command("set")
@command
def product_set(
    terminal: Terminal,
    product_id: Annotated[str, typer.Argument(metavar="PRODUCT", help="The shop's own id of the product.")],
    store: Store,
    title: Annotated[str, typer.Option(help="As messages name it.")],
    variant: Annotated[list[str], typer.Option(help="ID or ID=TITLE; once for each variant.")],
    price: Annotated[str | None, typer.Option(help="In the store's currency, of every variant.")] = None,
    handle: Annotated[str | None, typer.Option(help="The product's part of its page's address.")] = None,
    url: Annotated[str | None, typer.Option(help="Its page's whole address, where it has no handle.")] = None,
    on_sale: Annotated[bool, typer.Option("--on-sale/--off-sale", help="Whether shoppers can open its page.")] = True,
) -> None:
    """Put in a product with its variants. Their units stay as they are: see `stock set`."""
    amount = _price(price)
    if not title.strip():
        raise typer.BadParameter("messages name the product by its title, so it may not be empty", param_hint="--title")
    variants = tuple(_variant_fact(each, amount) for each in variant)
    if len({each.variant_id for each in variants}) < len(variants):
        raise typer.BadParameter("two variants have the same id: name each once", param_hint="--variant")
    try:
        fact = ProductFact(
            product_id=product_id,
            title=title,
            handle=handle,
            page_url=url,
            on_sale=on_sale,
            variants=variants,
            observed_at=datetime.now(UTC),
        )
    except ValidationError as error:
        raise typer.BadParameter(said(error), param_hint="product set") from None

    async def question(services: Services) -> Product:
        moved = await services.stock.put_product(StoreId(store), fact, who())
        shown = [await services.stock.show(subject_of(store, each.variant_id)) for each in variants]
        return Product(variants=tuple(shown), moved=moved)

    terminal.answer(question, _put_in)


def _units(text: str) -> int:
    try:
        return TypeAdapter[int](Quantity).validate_python(units_in_text(text))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a number of units: write one such as 3; of a part of a unit, as in 2.5, nothing counts",
            param_hint="UNITS",
        ) from None


def _address(email: str) -> str:
    try:
        return email_address(email)
    except PydanticCustomError:
        raise typer.BadParameter(f"{email!r} is not an e-mail address", param_hint="EMAIL") from None


def subject_of(store: str, variant: str) -> Subject:
    """A variant, as two options name it.

    Raises:
        BadParameter: one of them is empty.
    """
    if not store or not variant:
        raise typer.BadParameter("a store and a variant are needed, and one is empty", param_hint="--store, --variant")
    return Subject(store_id=StoreId(store), id=variant)


def _price(text: str | None) -> Decimal | None:
    try:
        amount = None if text is None else Decimal(text)
        if amount is not None and not (amount.is_finite() and amount >= 0):
            raise InvalidOperation
        return amount
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number like 19.99", param_hint="--price") from None


def _variant_fact(text: str, price: Decimal | None) -> VariantFact:
    variant_id, _, title = text.partition("=")
    if not variant_id or len(variant_id) > 100 or len(title) > 1000:
        raise typer.BadParameter(
            f"{text[:100]!r} is not ID or ID=TITLE, of at most 100 and 1000 characters", param_hint="--variant"
        )
    return VariantFact(variant_id=variant_id, title=title, price=price)


def _in_line(journey: JourneyReport) -> str:
    if journey.ahead is None:
        return f"Journey {journey.journey_id} has been called forward already."
    place = "first in line" if journey.ahead == 0 else f"in line behind {in_words(journey.ahead)}"
    wants = f" for {journey.quantity} units" if (journey.quantity or 1) > 1 else ""
    paused = f" {journey.why}" if journey.reason in (Reason.ALERT_PAUSED, Reason.CONVERSATION_PAUSED) else ""
    until = f"until {clock(journey.window_ends_at)} UTC at the latest."
    return f"Journey {journey.journey_id} stands {place}{wants}, {until}{paused}"


def _put_in(product: Product) -> str:
    told = [_variant(each) for each in product.variants]
    told += [
        f"Variant '{each.variant}' was of product '{each.from_product}'; now it is of this one, with all who wait."
        for each in product.moved
    ]
    return "\n".join(told)


def _variant(variant: VariantReport) -> str:
    name = f"{variant.product_title} ({variant.title})" if variant.title else variant.product_title
    sale = "" if variant.on_sale else ", not on sale"
    units = "1 unit" if variant.units == 1 else f"{variant.units} units"
    return f"{variant.variant_id}  {name}: {units}, {variant.waiting} waiting{sale}"
