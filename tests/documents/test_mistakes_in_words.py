"""What is wrong with a value is said in our words, whatever the library finds, and nothing of the value is repeated."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import pytest
from pydantic import AnyHttpUrl, AwareDatetime, BaseModel, Field, NaiveDatetime, TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from schemas.addresses import EmailAddress
from schemas.mistakes import mistake_in_words

SECRET = "sesame"
PHRASES = ("input should", "should be", "should have", "should match", "field required", "not permitted", "valid ")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Group(BaseModel):
    size: int


@pytest.mark.parametrize(
    ("kind", "wrong", "told"),
    [
        (Annotated[int, Field(ge=3)], 2, "the least is 3"),
        (Annotated[int, Field(gt=3)], 3, "it must be more than 3"),
        (Annotated[int, Field(le=3)], 4, "the most is 3"),
        (Annotated[int, Field(lt=3)], 3, "it must be less than 3"),
        (Annotated[int, Field(multiple_of=5)], 3, "write a multiple of 5"),
        (Annotated[str, Field(min_length=9)], SECRET, "the least is 9 characters"),
        (Annotated[str, Field(max_length=3)], SECRET, "the most is 3 characters"),
        (Annotated[str, Field(pattern="^[0-9]+$")], SECRET, "it does not fit the pattern ^[0-9]+$"),
        (Annotated[list[str], Field(min_length=2)], [SECRET], "the least is 2 entries"),
        (Annotated[list[str], Field(max_length=0)], [SECRET], "the most is 0 entries"),
        (Annotated[tuple[str, ...], Field(max_length=0)], [SECRET], "the most is 0 entries"),
        (Annotated[Decimal, Field(max_digits=3)], Decimal("12345"), "the most is 3 digits"),
        (Annotated[Decimal, Field(decimal_places=2)], Decimal("1.234"), "the most is 2 digits after the point"),
        (Decimal, SECRET, "write a number"),
        (Decimal, "nan", "write a number that is finite"),
        (int, SECRET, "write a whole number"),
        (int, 2.5, "write a whole number, without a fraction"),
        (bool, SECRET, "write true or false"),
        (str, 5, "write a text"),
        (Colour, SECRET, "write one of 'red' or 'blue'"),
        (Literal["a", "b"], SECRET, "write one of 'a' or 'b'"),
        (AwareDatetime, "2026-03-02T09:00:00", "write the moment with its offset, like 2026-03-02T09:00:00Z"),
        (AwareDatetime, SECRET, "write a day and a time"),
        (NaiveDatetime, "2026-03-02T09:00:00Z", "write the moment without an offset"),
        (datetime, [], "write a day and a time"),
        (date, SECRET, "write a day, like 2026-03-02"),
        (time, SECRET, "write a time of day, like 09:00"),
        (timedelta, SECRET, "write a length of time"),
        (list[str], SECRET, "write a list"),
        (dict[str, str], SECRET, "write an object with fields"),
        (Group, SECRET, "write an object with fields"),
        (Group, {}, "it is missing"),
        (AnyHttpUrl, SECRET, "write an address that begins with http:// or https://"),
        (UUID, SECRET, "write a UUID"),
    ],
    ids=str,
)
def test_every_bound_and_kind_is_told_in_our_words(kind: Any, wrong: object, told: str) -> None:
    assert [*_said(kind, wrong)] == [told]


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_error_of_the_library_is_passed_on_as_it_words_it(kind: str) -> None:
    context = dict.fromkeys(("ge", "gt", "le", "lt", "min_length", "max_length", "expected", "pattern"), 7)
    told = mistake_in_words({"type": kind, "msg": "Input should be a valid thing", "ctx": context})
    if kind in ("value_error", "assertion_error"):
        assert told == "Input should be a valid thing", "these are our own words"
    else:
        assert not any(phrase in told.lower() for phrase in PHRASES), told


def test_our_own_words_are_kept() -> None:
    (told,) = _said(EmailAddress, "Ann <ann@example.com>")
    assert told.endswith("Write the address alone, without a name and without '<'.")


def _said(kind: Any, wrong: object) -> Iterator[str]:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter[object](kind).validate_python(wrong)
    for each in raised.value.errors():
        told = mistake_in_words(each)
        assert SECRET not in told
        yield told
