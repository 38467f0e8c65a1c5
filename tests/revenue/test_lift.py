"""The intervals are those of the books, and too little is said to be too little."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.responses.experiments import Finding
from starter.reporting.lift import (
    ENOUGH_CONTACTS,
    Share,
    Sums,
    difference_of_means,
    difference_of_shares,
    judge_difference,
)

SHARES = st.integers(1, 5000).flatmap(lambda n: st.builds(Share, st.just(n), st.integers(0, n)))
AMOUNTS = st.lists(st.decimals(0, 10_000, places=2), min_size=2, max_size=60)


def sums(amounts: list[Decimal]) -> Sums:
    return Sums(len(amounts), sum(amounts, Decimal(0)), sum((each * each for each in amounts), Decimal(0)))


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe (1998), table II, method 10.
        (Share(70, 56), Share(80, 48), 0.0524, 0.3339),
        (Share(10, 9), Share(10, 3), 0.1705, 0.8090),
        (Share(7, 6), Share(7, 2), 0.0582, 0.8062),
        (Share(56, 5), Share(29, 0), -0.0381, 0.1926),
        (Share(10, 0), Share(20, 0), -0.1611, 0.2775),
        (Share(10, 10), Share(10, 0), 0.6075, 1.0),
    ],
)
def test_the_interval_of_shares_is_the_published_one(first: Share, second: Share, low: float, high: float) -> None:
    assert difference_of_shares(first, second) == pytest.approx((low, high), abs=0.0001)


@given(SHARES, SHARES)
def test_the_interval_of_shares_holds_the_difference_and_mirrors(first: Share, second: Share) -> None:
    low, high = difference_of_shares(first, second)
    difference = first.ordered / first.contacts - second.ordered / second.contacts
    assert -1 - 1e-9 <= low <= difference + 1e-9
    assert difference - 1e-9 <= high <= 1 + 1e-9
    assert difference_of_shares(second, first) == pytest.approx((-high, -low))


@given(AMOUNTS, AMOUNTS)
def test_the_interval_of_means_holds_the_difference_and_mirrors(first: list[Decimal], second: list[Decimal]) -> None:
    low, high = difference_of_means(sums(first), sums(second))
    difference = sums(first).mean - sums(second).mean
    assert low <= difference <= high
    mirrored = difference_of_means(sums(second), sums(first))
    assert float(mirrored[0]) == pytest.approx(float(-high))


@given(AMOUNTS)
def test_the_standard_error_is_that_of_the_textbook(amounts: list[Decimal]) -> None:
    n, mean = len(amounts), sums(amounts).mean
    variance = sum(((each - mean) ** 2 for each in amounts), Decimal(0)) / (n - 1)
    assert float(sums(amounts).error) == pytest.approx(float(variance / n), abs=1e-9)


def test_an_interval_says_more_or_less_only_where_zero_lies_outside() -> None:
    said = [judge_difference(bounds, enough=True) for bounds in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1), (0.0, 0.1))]
    assert said == [Finding.MORE, Finding.LESS, Finding.NO_DIFFERENCE, Finding.NO_DIFFERENCE]


@pytest.mark.parametrize("share", [Share(99, 50), Share(1000, 4), Share(1000, 996)])
def test_too_little_is_not_enough_however_large_the_difference(share: Share) -> None:
    assert not share.enough
    assert Share(ENOUGH_CONTACTS, 5).enough
    assert judge_difference((0.5, 0.9), enough=False) is Finding.NOT_ENOUGH
