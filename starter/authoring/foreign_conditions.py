"""Conditions of other tools' templates, `product.title != blank and customer`, in our language."""

import re
from collections.abc import Collection

from starter.authoring.foreign_values import NoCounterpart, convert_operand, convert_value

_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|[=!<>]=|<>|[<>()]|[^\s=!<>()'"]+(?:'[^']*'|"[^"]*")?""")
_COMPARES = {"==": "==", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_JOINS = ("and", "or", "not", "(", ")")
_NOTHING = ("blank", "nil", "null", "empty", "None", "none", "''", '""')


def convert_condition(text: str, loops: Collection[str]) -> str:
    """The condition in our language. Raises NoCounterpart."""
    tokens: list[str] = _TOKEN.findall(text)
    if not tokens:
        raise NoCounterpart("this condition is empty")
    told: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1 : at + 3]
        if token in _JOINS:
            told.append(token)
            at += 1
        elif len(following) == 2 and following[0] in _COMPARES:
            told.append(_comparison(token, _COMPARES[following[0]], following[1], loops))
            at += 3
        elif following and following[0] not in ("and", "or", ")"):
            raise NoCounterpart(f"a condition has nothing like '{following[0]}'")
        else:
            told.append(_operand(token, loops))
            at += 1
    return " ".join(told).replace("( ", "(").replace(" )", ")")


def _comparison(left: str, operator: str, right: str, loops: Collection[str]) -> str:
    if right in _NOTHING and operator in ("==", "!="):
        asked = _operand(left, loops)
        return asked if operator == "!=" else f"not {asked}"
    return f"{_operand(left, loops)} {operator} {_operand(right, loops)}"


def _operand(token: str, loops: Collection[str]) -> str:
    if "|" in token:
        return convert_value(token, loops)[0]
    return convert_operand(token, loops)
