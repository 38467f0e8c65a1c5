"""`shelftalk successor`: what is waited for once a variant or product is gone for good."""

from typing import Annotated

import typer
from rich.table import Table

from schemas.ids import Level, StoreId, Subject
from schemas.model import Model
from schemas.responses.successors import SuccessorReport, SuccessorReports
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.output import clock
from starter.services import Services

app = typer.Typer(help="What succeeds a variant or product that is gone for good.", no_args_is_help=True)

Store = Annotated[str, typer.Option("--store", help="The store's id.")]
Variant = Annotated[str | None, typer.Option(help="The variant that will go.")]
Product = Annotated[str | None, typer.Option(help="The product that will go, with its variants.")]


class Cleared(Model):
    """Whose successor was cleared."""

    subject: str


@app.command("set")
@command
def set_(
    terminal: Terminal,
    store: Store,
    variant: Variant = None,
    to_variant: Annotated[str | None, typer.Option(help="The variant that succeeds it.")] = None,
    product: Product = None,
    to_product: Annotated[str | None, typer.Option(help="The product that succeeds it.")] = None,
) -> None:
    """Name the successor: once the one is gone for good, its waiters wait for the other, with their places."""
    (old, new) = ((variant, to_variant), (product, to_product))[product is not None]
    if not old or not new or ((variant or to_variant) and (product or to_product)):
        hint = "--variant and --to-variant, or --product and --to-product"
        raise typer.BadParameter("name both of one kind", param_hint=hint)
    level = Level.VARIANT if product is None else Level.PRODUCT
    subject, successor = (Subject(store_id=StoreId(store), level=level, id=each) for each in (old, new))
    terminal.answer(lambda services: services.successors.set(subject, successor, who()), in_words)


@app.command("clear")
@command
def clear(terminal: Terminal, store: Store, variant: Variant = None, product: Product = None) -> None:
    """Name no successor any more. A line that is being moved goes on to where it was to go."""
    id_ = variant or product
    if not id_ or (variant is not None) == (product is not None):
        raise typer.BadParameter("name one of the two", param_hint="--variant, --product")
    level = Level.VARIANT if variant is not None else Level.PRODUCT
    subject = Subject(store_id=StoreId(store), level=level, id=id_)

    async def cleared(services: Services) -> Cleared:
        await services.successors.clear(subject, who())
        return Cleared(subject=subject.key)

    terminal.answer(cleared, lambda done: f"{done.subject} has no successor any more.")


@app.command("list")
@command
def list_(terminal: Terminal, store: Store) -> None:
    """List the successors that are named in a store, and the variants that are left without one."""
    terminal.answer(lambda services: services.successors.of_store(StoreId(store)), _table)


def in_words(report: SuccessorReport) -> str:
    """What follows of it."""
    gone, there = "It is gone: its waiters are moved now.", "Once it is gone for good, its waiters are moved."
    when = gone if report.gone else there
    lines = [f"{report.successor} succeeds {report.subject}. {when}"]
    if report.successor_gone:
        lines = [f"{report.successor} succeeds {report.subject}, but is gone for good itself: nobody is moved to it."]
    if report.without:
        lines.append(f"Nothing there is like these variants, whose waiters are told: {', '.join(report.without)}")
    return "\n".join(lines)


def _table(reports: SuccessorReports) -> Table | str:
    if not reports.successors:
        return "No successor is named. `shelftalk successor set` names one."
    table = Table("of", "successor", "named (UTC)", "by", "gone", "variants without", box=None, pad_edge=False)
    for each in reports.successors:
        gone = " and ".join(filter(None, ("it" * each.gone, "the successor" * each.successor_gone)))
        table.add_row(
            each.subject, each.successor, clock(each.named_at), each.named_by, gone or "no", ", ".join(each.without)
        )
    return table
