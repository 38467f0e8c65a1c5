"""Reading a storefront's JSON body without trusting it: bytes in, a model of the vendor's shape out.

Its rules:
- Whatever the bytes are, the end is a model or `PayloadMalformed`; no other error leaves `read_payload`.
- No number is rounded: whole numbers stay exact and fractions become Decimal.
- What two readers could understand differently is refused: a key given twice, NaN, a byte order mark.
- What PostgreSQL could not store as text is refused here: U+0000 and half of a surrogate pair.

A vendor's shape is a `Payload` model that names only the fields Shelftalk reads; all others may come and go with
the vendor's versions.
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Never, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from activities.storefronts.storefront import PayloadMalformed
from schemas.incoming.facts import units_in_text
from schemas.mistakes import mistake_in_words

LONGEST_NUMBER = 100
"""Characters of one number. No price or id is longer, and reading far longer ones costs time and memory."""

_ID = re.compile(r"[1-9][0-9]{0,19}")
"""As many digits as an unsigned 64-bit number has."""
_PRICE = re.compile(r"[0-9]{1,14}(\.[0-9]{1,20})?")
"""More than any currency needs; the many decimals are for prices that passed through binary fractions."""


class Payload(BaseModel):
    """The base of a vendor's shapes: frozen, and blind to fields it does not name."""

    model_config = ConfigDict(frozen=True, extra="ignore")


PayloadT = TypeVar("PayloadT", bound=Payload)


def read_payload(body: bytes, shape: type[PayloadT]) -> PayloadT:
    """Parse `body` as one JSON object of this shape.

    Raises:
        PayloadMalformed: it is not UTF-8, not JSON, not an object, or not of this shape. Where more than one field
            is wrong, the first is named.
    """
    return fit(parse_json(body), shape)


def fit(values: object, shape: type[PayloadT]) -> PayloadT:
    """What was parsed, as one JSON object of this shape.

    Raises:
        PayloadMalformed: it is not.
    """
    if not isinstance(values, dict):
        raise PayloadMalformed("$", "the body is JSON, but not an object")
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise PayloadMalformed(_path(first["loc"]), mistake_in_words(first)) from None


def parse_json(body: bytes) -> Any:
    """The body as JSON, by the rules above.

    Raises:
        PayloadMalformed: it is none.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_whole_number,
            parse_float=_fraction,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError as error:
        raise PayloadMalformed("$", f"the body is not UTF-8: byte {error.start} does not belong there") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise PayloadMalformed("$", f"the body is not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise PayloadMalformed("$", "the body is nested too deeply") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in pairs:
        if key in values:
            raise PayloadMalformed(f"$..[{key[:60]!a}]", "this key is given twice in one object")
        values[key] = value
    return values


def _whole_number(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise PayloadMalformed("$", f"a number has more than {LONGEST_NUMBER} digits")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    try:
        if len(digits) <= LONGEST_NUMBER:
            return Decimal(digits)
    except ArithmeticError:
        pass
    raise PayloadMalformed("$", "a number is too long, or its exponent is too large")


def _no_number(name: str) -> Never:
    raise PayloadMalformed("$", f"the body is not JSON: {name} is not a JSON value")


def _path(location: tuple[int | str, ...]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def _read_id(value: object) -> object:
    if value is None:
        return None
    digits = str(value) if isinstance(value, int) else value
    if not isinstance(digits, str) or not _ID.fullmatch(digits):
        raise ValueError("this is not an id: a whole number from 1 on, of at most 20 digits")
    return digits


def _read_price(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, Decimal) and -20 <= value.adjusted() < 15:
        value = f"{value:f}"
    digits = str(value) if isinstance(value, int) else value
    if not isinstance(digits, str) or not _PRICE.fullmatch(digits):
        raise ValueError("this is not a price: a number from 0 on, with a point before its decimals")
    return Decimal(digits)


def _read_price_if_any(value: object) -> object:
    try:
        price = _read_price(value)
    except ValueError:
        return None
    return price.quantize(Decimal("0.0001")) if isinstance(price, Decimal) else None


def _read_moment(value: object) -> object:
    if value is None:
        return None
    moment = parse_moment(value) if isinstance(value, str) else None
    if moment is None:
        raise ValueError("this is not a date and time such as 2025-01-31T09:30:00-05:00")
    return moment


def _read_text(value: object) -> object:
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)):
        raise ValueError("this text holds a character that cannot be stored (U+0000 or half of a surrogate pair)")
    return value


def parse_moment(text: str) -> datetime | None:
    """The moment an ISO 8601 text names: in UTC if it has an offset, naive if it has none; None if it names none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


NumericId = Annotated[str | None, BeforeValidator(_read_id)]
"""An id that the vendor counts up: a JSON number or its digits as text. As a string, every digit kept."""
Count = Annotated[Annotated[int, Field(ge=-(2**31), lt=2**31)] | None, BeforeValidator(units_in_text)]
"""Units, rounded down: a part of a unit cannot be sold."""
Price = Annotated[Decimal | None, BeforeValidator(_read_price)]
"""Money without its currency: a JSON number or its digits as text."""
LenientPrice = Annotated[Decimal | None, BeforeValidator(_read_price_if_any)]
"""Likewise, with the four decimals that money is kept with; what is not money is not there, and refuses nothing."""
Moment = Annotated[datetime | None, BeforeValidator(_read_moment)]
"""A date and time: in UTC, or naive where the vendor gave no offset."""
PlainText = Annotated[str | None, BeforeValidator(_read_text)]
"""Text of any length."""
