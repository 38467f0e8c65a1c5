"""How much more those who were told ordered than those who were held out, and how sure that is. Pure.

**Orders**: the difference of two independent proportions with its 95 % interval by Newcombe's hybrid of Wilson's score
intervals (R. G. Newcombe, *Interval estimation for the difference between independent proportions: comparison of
eleven methods*, Statistics in Medicine 17 (1998), 873–890, method 10, without continuity correction). For a proportion
`p` of `n` Wilson's bounds are

    l, u = (2np + z² ∓ z·√(z² + 4np(1 − p))) ÷ (2(n + z²))

and the difference `p₁ − p₂` lies between `p₁ − p₂ − √((p₁ − l₁)² + (u₂ − p₂)²)` and
`p₁ − p₂ + √((u₁ − p₁)² + (p₂ − l₂)²)`.

**Revenue**: the difference of the means per contact, those who ordered nothing included, by Welch's statistic
(B. L. Welch, Biometrika 34 (1947), 28–35): `x̄₁ − x̄₂ ∓ z·√(s₁² ÷ n₁ + s₂² ÷ n₂)`. With `ENOUGH_CONTACTS` in each arm
Student's quantile differs from the normal one by less than a fiftieth.

There is enough to tell when each arm has `ENOUGH_CONTACTS` contacts, and `ENOUGH_ORDERS` who ordered and as many who
did not.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from statistics import NormalDist

from schemas.responses.experiments import Finding

ENOUGH_CONTACTS = 100
ENOUGH_ORDERS = 5
"""Below it neither interval keeps what it promises."""
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of an arm's contacts ordered."""

    contacts: int
    ordered: int

    @property
    def enough(self) -> bool:
        return self.contacts >= ENOUGH_CONTACTS and min(self.ordered, self.contacts - self.ordered) >= ENOUGH_ORDERS


@dataclass(frozen=True, slots=True)
class Sums:
    """What an arm's contacts ordered for: how many they are, the sum over them, and the sum of their squares."""

    contacts: int
    total: Decimal
    squares: Decimal

    @property
    def mean(self) -> Decimal:
        return self.total / self.contacts

    @property
    def error(self) -> Decimal:
        """The square of the mean's standard error."""
        spread = self.squares - self.total * self.total / self.contacts
        return max(Decimal(0), spread) / (self.contacts - 1) / self.contacts


def difference_of_shares(told: Share, held_out: Share) -> tuple[float, float]:
    """The bounds of how much larger the first share is. Each has at least one contact."""
    p1, p2 = told.ordered / told.contacts, held_out.ordered / held_out.contacts
    (l1, u1), (l2, u2) = _wilson(told), _wilson(held_out)
    return (
        p1 - p2 - sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2),
        p1 - p2 + sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2),
    )


def difference_of_means(told: Sums, held_out: Sums) -> tuple[Decimal, Decimal]:
    """The bounds of how much larger the first mean is. Each has at least two contacts."""
    half = Decimal(_Z) * (told.error + held_out.error).sqrt()
    difference = told.mean - held_out.mean
    return difference - half, difference + half


def judge_difference(bounds: tuple[float, float] | tuple[Decimal, Decimal], *, enough: bool) -> Finding:
    """What the bounds of a difference say."""
    low, high = bounds
    if not enough:
        return Finding.NOT_ENOUGH
    if low > 0:
        return Finding.MORE
    return Finding.LESS if high < 0 else Finding.NO_DIFFERENCE


def _wilson(share: Share) -> tuple[float, float]:
    n, p, z2 = share.contacts, share.ordered / share.contacts, _Z * _Z
    half = _Z * sqrt(z2 + 4 * n * p * (1 - p))
    return (2 * n * p + z2 - half) / (2 * (n + z2)), (2 * n * p + z2 + half) / (2 * (n + z2))
