"""What may stand in the brackets of `money`, `number` and `date`, so that a slip is told when a message is written."""

from jinja2 import nodes

from activities.rendering.formats import CURRENCY, DATE_STYLES, MOST_DECIMALS


def wrong_argument(node: nodes.Filter) -> tuple[str, str] | None:
    """What is wrong with the arguments of one of our own filters, and what to do; None: nothing."""
    match node:
        case nodes.Filter(name="money" | "number" | "date", args=[], kwargs=[]):
            return None
        case nodes.Filter(name="money", args=[nodes.Const(value=str() as code)], kwargs=[]):
            if CURRENCY.fullmatch(code):
                return None
            return f"'{code}' is no currency", "Write three capital letters: {{ variant.price|money('EUR') }}"
        case nodes.Filter(name="money", args=[nodes.Name() | nodes.Getattr()], kwargs=[]):
            return None
        case nodes.Filter(name="number", args=[nodes.Const(value=int() as decimals)], kwargs=[]):
            if 0 <= decimals <= MOST_DECIMALS:
                return None
            return f"a number cannot have {decimals} decimals", f"Write one from 0 to {MOST_DECIMALS}"
        case nodes.Filter(name="date", args=[nodes.Const(value=str() as style)], kwargs=[]):
            if style in DATE_STYLES:
                return None
            return f"there is no style of date '{style}'", f"The styles are: {', '.join(DATE_STYLES)}"
        case nodes.Filter(name="money"):
            return "'money' takes one currency, or none", "Write {{ variant.price|money }} or {{ … |money('EUR') }}"
        case nodes.Filter(name="number"):
            return (
                "'number' takes how many decimals, or nothing",
                "Write {{ variant.units|number }} or {{ … |number(2) }}",
            )
        case nodes.Filter(name="date"):
            return "'date' takes one style, or none", "Write {{ wait.since|date }} or {{ wait.since|date('short') }}"
        case _:
            return None
