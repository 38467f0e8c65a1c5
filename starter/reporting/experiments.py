"""What experiments found. Reads PostgreSQL only; the statistics are `lift.py`, what each number means docs/revenue.md.

Who is compared is on record: those who were told, and those whose message would have left in that very moment and who
were held out. Nobody is in it whose turn never came.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from activities.postgres.pool import Pool
from activities.postgres.queries import load_queries
from schemas.errors import DomainError, ErrorKind
from schemas.ids import StoreId
from schemas.money import in_currency
from schemas.responses.experiments import Arm, ExperimentReport, OrdersLift, RevenueLift
from starter.reporting.lift import (
    Share,
    Sums,
    difference_of_means,
    difference_of_shares,
    judge_difference,
)

SQL = load_queries("starter.reporting", "experiments.sql")


class NoSuchExperiment(DomainError):
    """No published conversation has named this experiment."""

    code = "no_such_experiment"
    kind = ErrorKind.NOT_FOUND
    advice = "An experiment is named in a conversation's section 'experiment', and is there once that is published."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no experiment '{name}'.", public="There is no experiment of this name.")


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment as its newest version has it."""

    experiment: str
    holdout: int
    days: int
    conversations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """What an arm ordered for in one currency: the sum over its contacts, and the sum of their squares."""

    total: Decimal = Decimal(0)
    squares: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One arm; `in_both`: its contacts who were told and held out."""

    held_out: bool
    contacts: int = 0
    ordered: int = 0
    in_both: int = 0
    money: dict[str, MoneyRow] = field(default_factory=dict[str, MoneyRow])

    def sums(self, currency: str) -> Sums:
        money = self.money.get(currency, MoneyRow())
        return Sums(self.contacts, money.total, money.squares)


class Experiments:
    """The experiments of one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def names(self, conversation: str | None = None, stores: Sequence[StoreId] | None = None) -> list[str]:
        """Every experiment that a published version names, of one conversation or of all.

        Args:
            stores: only those of lists that are for one of these; None: all.
        """
        return await SQL.names.values(self._pool, conversation=conversation, stores=stores)

    async def report(self, name: str, stores: Sequence[StoreId] | None = None) -> ExperimentReport:
        """What it found so far.

        Args:
            stores: only in these; None: in all.

        Raises:
            NoSuchExperiment: as it says.
        """
        found = await SQL.experiment.row(self._pool, ExperimentRow, name=name)
        if found is None:
            raise NoSuchExperiment(name)
        rows = await SQL.arms.rows(self._pool, ArmRow, name=name, days=found.days, stores=stores)
        arms = {row.held_out: row for row in rows}
        told, held_out = arms.get(False, ArmRow(False)), arms.get(True, ArmRow(True))
        return ExperimentReport(
            experiment=name,
            conversations=found.conversations,
            holdout=found.holdout,
            days=found.days,
            told=_arm(told),
            held_out=_arm(held_out),
            in_both=told.in_both + held_out.in_both,
            orders=_orders(Share(told.contacts, told.ordered), Share(held_out.contacts, held_out.ordered)),
            revenue=tuple(_revenue(told, held_out)),
        )


def _arm(row: ArmRow) -> Arm:
    return Arm(contacts=row.contacts, ordered=row.ordered, share=row.ordered / row.contacts if row.contacts else 0.0)


def _orders(told: Share, held_out: Share) -> OrdersLift | None:
    if not told.contacts or not held_out.contacts:
        return None
    low, high = difference_of_shares(told, held_out)
    p1, p2 = told.ordered / told.contacts, held_out.ordered / held_out.contacts
    return OrdersLift(
        difference=p1 - p2,
        low=low,
        high=high,
        relative=p1 / p2 - 1 if p2 else None,
        finding=judge_difference((low, high), enough=told.enough and held_out.enough),
    )


def _revenue(told: ArmRow, held_out: ArmRow) -> list[RevenueLift]:
    if min(told.contacts, held_out.contacts) < 2:
        return []
    shares = Share(told.contacts, told.ordered), Share(held_out.contacts, held_out.ordered)
    enough = all(share.enough for share in shares)
    return [_in(currency, told, held_out, enough=enough) for currency in sorted({*told.money, *held_out.money})]


def _in(currency: str, told: ArmRow, held_out: ArmRow, *, enough: bool) -> RevenueLift:
    first, second = told.sums(currency), held_out.sums(currency)
    bounds = difference_of_means(first, second)
    return RevenueLift(
        currency=currency,
        told=_money(first.mean, currency),
        held_out=_money(second.mean, currency),
        difference=_money(first.mean - second.mean, currency),
        low=_money(bounds[0], currency),
        high=_money(bounds[1], currency),
        finding=judge_difference(bounds, enough=enough),
    )


def _money(amount: Decimal, currency: str) -> Decimal:
    """Rounded to what the currency has; a mean has any number of decimals."""
    return in_currency(amount.quantize(in_currency(Decimal(0), currency)), currency)
