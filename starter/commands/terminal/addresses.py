"""Addresses as people type them: e-mail addresses, and phone numbers with + and the country's code."""

import typer
from pydantic_core import PydanticCustomError

from schemas.addresses import address


def address_of(text: str, argument: str) -> str:
    """An e-mail address in lower case, or a number in E.164.

    Raises:
        BadParameter: it is neither.
    """
    try:
        return address(text)
    except PydanticCustomError as error:
        raise typer.BadParameter(error.message(), param_hint=argument) from None


def looked_for(text: str, argument: str) -> str:
    """The same of somebody who is looked for: what is no number is taken as it is."""
    return address_of(text, argument) if text.lstrip().startswith("+") and "@" not in text else text
