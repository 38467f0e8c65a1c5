"""What a shop's API answers, read by the shapes that its platform documents; and what is asked for, a few at a time."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar, cast

from activities.storefronts.payload import PayloadT, fit
from activities.storefronts.shop_http import ShopAnswerOdd
from activities.storefronts.storefront import PayloadMalformed

T = TypeVar("T")


def as_documented(read: Callable[[], T], answer: str) -> T:
    """What is read from an answer.

    Args:
        answer: which, for people: `Square's answer to v2/merchants/me`.

    Raises:
        ShopAnswerOdd: it does not read.
    """
    try:
        return read()
    except PayloadMalformed as error:
        raise ShopAnswerOdd(f"{answer} is not as documented: {error.path}: {error.message}.") from None


def fitted(values: object, shape: type[PayloadT], answer: str) -> PayloadT:
    """An answer, or a row of it, of this shape. The rest as in `as_documented`."""
    return as_documented(lambda: fit(values, shape), answer)


def all_fitted(values: object, shape: type[PayloadT], answer: str) -> list[PayloadT]:
    """A list of these. The rest as in `as_documented`."""
    if not isinstance(values, (list, tuple)):
        raise ShopAnswerOdd(f"{answer} is not as documented: it has no list of what was asked for.")
    return [fitted(each, shape, answer) for each in cast("list[object]", values)]


def in_parts(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """These, so many at a time."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def each_once(ids: Iterable[str | None]) -> list[str]:
    """Every id once, in the order in which they came."""
    return list(dict.fromkeys(id_ for id_ in ids if id_))
