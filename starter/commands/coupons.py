"""`shelftalk coupon`: lists of codes that messages give, one to each person."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from schemas.responses.coupons import CouponLists, CouponsAdded
from starter.commands.terminal.acting import who
from starter.commands.terminal.asking import Terminal, command
from starter.commands.terminal.failures import CommandFailed
from starter.commands.terminal.output import clock

app = typer.Typer(help="Lists of coupon codes that messages give, one to each person.", no_args_is_help=True)


@app.command("add")
@command
def add(
    terminal: Terminal,
    coupon_list: Annotated[str, typer.Argument(metavar="LIST", help="The list's short name, as alerts name it.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One code on each line.")],
) -> None:
    """Put codes into a list. Codes that are known already, in whatever letter case, change nothing."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed("usage", f"{file} cannot be read as text: {error}.") from None
    terminal.answer(lambda services: services.coupons.add(coupon_list, lines, who()), _added)


@app.command("list")
@command
def list_(terminal: Terminal) -> None:
    """List them: how many codes are free, reserved and redeemed, and how many places got none."""
    terminal.answer(lambda services: services.coupons.lists(), _table)


def _added(added: CouponsAdded) -> str:
    known = f" {added.known} were there already." if added.known else ""
    return f"{added.added} codes added to '{added.coupon_list}'; {added.free} are free.{known}"


def _table(found: CouponLists) -> Table | str:
    if not found.lists:
        return "There are no codes: `shelftalk coupon add LIST FILE` puts some in."
    figures = (Column(name, justify="right") for name in ("codes", "free", "reserved", "redeemed", "places without"))
    table = Table("list", *figures, "last without (UTC)", "alerts", box=None, pad_edge=False)
    for each in found.lists:
        numbers = (each.codes, each.free, each.reserved, each.redeemed, each.missing)
        without = clock(each.last_missing_at) if each.last_missing_at else "–"
        table.add_row(each.coupon_list, *map(str, numbers), without, ", ".join(each.alerts) or "–")
    return table
