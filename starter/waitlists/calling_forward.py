"""Calling the next of a line forward by hand, within the units that are there: promise P2 holds for it too.

The shelf gives away by itself what arrived. Beyond that there may be units that it keeps back (fewer than the alert
begins with, or that were there before they counted), and units that people were offered who have not bought. Whoever
calls by hand gives the former to the next in line, then ends the oldest of these offers; how many, is said beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from activities.postgres.audit import write_audit
from activities.postgres.pool import Connection, Pool, snapshot, transaction
from activities.postgres.queries import load_queries
from activities.postgres.retry import retry_on_deadlock
from activities.stock.products import UnknownProduct, UnknownVariant, load_product
from activities.waitlist.episodes import look_again
from schemas.errors import DomainError, ErrorKind
from schemas.ids import AlertId, Level, Subject
from schemas.responses.calling_forward import CallReport

SQL = load_queries("starter.waitlists", "calling_forward.sql")

MOST_BY_ONE_CALL = 1000
"""Whoever wants more lets the shelf do it."""


class CannotCall(DomainError):
    """The line cannot be called forward by hand; the text says why."""

    code = "cannot_call_forward"
    kind = ErrorKind.CONFLICT


class MoreTakenBack(DomainError):
    """Since the count was shown, more offers would end; nothing was done."""

    code = "more_than_shown"
    kind = ErrorKind.CONFLICT
    advice = "Look again, and answer anew."

    def __init__(self, shown: int, now: CallReport) -> None:
        super().__init__(
            f"Agreed was to end {shown} offers, and now it would be {now.takes_back}. Nothing was changed."
        )
        self.now = now


@dataclass(frozen=True, slots=True)
class WantedCall:
    """Whom to call forward: the next `people` in the line of one alert."""

    subject: Subject
    alert: AlertId
    people: int

    @property
    def ids(self) -> dict[str, object]:
        return {"store_id": self.subject.store_id, "subject": self.subject.key, "alert": self.alert}


@dataclass(frozen=True, slots=True)
class _Terms:
    by_units: bool
    contacts_per_unit: int | None
    units_per_contact: int
    out_of_force: bool
    paused: bool
    locations: Sequence[str] | None
    product_id: str
    gone: bool


@dataclass(frozen=True, slots=True)
class _Budget:
    """What there is to give; `episode` None: none is open."""

    episode: int | None
    available: int
    arrived: int
    claimed: int
    free: int
    held_back: int


@dataclass(frozen=True, slots=True)
class _Offer:
    id: int
    units: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is done: `gives` units that were kept back, and these offers end."""

    report: CallReport
    budget: _Budget
    locations: Sequence[str] | None
    gives: int
    ends: Sequence[_Offer]


class CallingForward:
    """Calls by hand over one database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def would_call(self, wanted: WantedCall) -> CallReport:
        """Who would be called forward, and what for. Changes nothing.

        Raises:
            UnknownVariant, UnknownProduct, CannotCall: as they say.
        """
        async with snapshot(self._pool) as connection:
            return (await _plan(connection, wanted)).report

    @retry_on_deadlock
    async def call(self, wanted: WantedCall, by: str, takes_back_at_most: int | None = None) -> CallReport:
        """Call them forward: their shelf does it at once.

        Args:
            by: who does it, for the audit.
            takes_back_at_most: how many offers were agreed to end; None: however many.

        Raises:
            as `would_call`; MoreTakenBack: nothing was changed.
        """
        async with transaction(self._pool) as connection:
            await SQL.hold_product.run(connection, store_id=wanted.subject.store_id, subject=wanted.subject.key)
            plan = await _plan(connection, wanted)
            if takes_back_at_most is not None and plan.report.takes_back > takes_back_at_most:
                raise MoreTakenBack(takes_back_at_most, plan.report)
            if plan.ends:
                await SQL.take_back.run(connection, claims=[each.id for each in plan.ends])
            await _give(connection, wanted, plan)
            await look_again(connection, wanted.subject)
            details = wanted.ids | {"people": wanted.people, "calls": plan.report.calls, "takes_back": len(plan.ends)}
            await write_audit(connection, by, "call forward by hand", details)
        return plan.report.model_copy(update={"done": True})


async def _give(connection: Connection, wanted: WantedCall, plan: _Plan) -> None:
    """What was kept back becomes what arrived, as much as is given."""
    if not plan.gives:
        return
    if plan.budget.episode is not None:
        await SQL.give_more.run(connection, episode=plan.budget.episode, units=plan.gives)
        return
    await SQL.open.run(
        connection, **wanted.ids, locations=plan.locations, available=plan.budget.available, arrived=plan.gives
    )


async def _plan(connection: Connection, wanted: WantedCall) -> _Plan:
    terms = await _terms(connection, wanted)
    per_unit = terms.contacts_per_unit
    assert per_unit is not None, "it was asked"
    product = await load_product(connection, wanted.subject.store_id, terms.product_id)
    available = product.offer(wanted.subject.level, wanted.subject.id, terms.locations).units if product.on_sale else 0
    budget = await SQL.budget.one(
        connection, _Budget, **wanted.ids, locations=terms.locations, available=max(0, available)
    )
    if not budget.available:
        raise CannotCall("There are no units, so nobody can be called forward. It is told as soon as any come.")
    offers = await SQL.open_offers.rows(connection, _Offer, episode=budget.episode)
    people = max(1, min(wanted.people, MOST_BY_ONE_CALL))
    wants: list[int] = await SQL.next.values(
        connection,
        **wanted.ids,
        people=people + MOST_BY_ONE_CALL,
        available=budget.available,
        units_each=terms.units_per_contact,
    )
    needs = list(accumulate(wants[:people]))
    there = budget.free + budget.held_back
    frees = list(accumulate((each.units for each in offers), initial=there))
    # As few offers end as are enough, and none for somebody who gets no place all the same.
    units = max((need for need in needs if need <= frees[-1]), default=0)
    ends = next(number for number, has in enumerate(frees) if has >= units)
    gives = -(-max(0, min(budget.held_back, units - budget.free)) // per_unit)
    freed = budget.free + gives * per_unit + sum(each.units for each in offers[:ends])
    called = _called(wants, freed) if units else ()
    return _Plan(
        CallReport(
            store_id=wanted.subject.store_id,
            subject=wanted.subject.key,
            alert=wanted.alert,
            people=people,
            available=budget.available,
            free=budget.free,
            held_back=budget.held_back,
            offered=sum(each.units for each in offers),
            open_offers=len(offers),
            calls=len(called),
            units=sum(called),
            takes_back=ends,
        ),
        budget,
        terms.locations,
        gives,
        offers[:ends],
    )


def _called(wants: Sequence[int], units: int) -> list[int]:
    """What those want who get places of so many units: in their order, whoever wants more than is left passed over."""
    called: list[int] = []
    for each in wants:
        if each <= units:
            called.append(each)
            units -= each
    return called


async def _terms(connection: Connection, wanted: WantedCall) -> _Terms:
    """The alert's, if its line can be called forward by hand."""
    terms = await SQL.terms.row(connection, _Terms, **wanted.ids)
    if terms is None:
        raise (UnknownVariant if wanted.subject.level is Level.VARIANT else UnknownProduct)(str(wanted.subject))
    if not terms.by_units:
        raise CannotCall("Its alert is told of a price or a quantity: everyone whose bound it is is told at once.")
    if terms.contacts_per_unit is None:
        raise CannotCall("Its alert tells everyone as soon as there is a unit: there is nobody left to call.")
    if terms.paused:
        raise CannotCall("It is paused: nobody is called forward until it is resumed.")
    if terms.out_of_force:
        raise CannotCall("Its alert is retired, or all its messages are drafts.")
    if terms.gone:
        raise CannotCall("It is gone for good.")
    return terms
