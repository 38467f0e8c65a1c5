"""What is forecast of units is what happens when they come, whatever happened before."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from activities.postgres.pool import open_pool
from schemas.ids import Subject
from schemas.incoming.events import EventKind
from starter.ops.pausing import Pausing
from starter.shops.forecast import Forecasts
from starter.shops.giving import MOST_SHOWN
from tests.allocation.suite import LOCATIONS, VARIANTS
from tests.allocation.suite_run import PAUSABLES
from tests.allocation.test_suite_line import Suite
from tests.faults.crashes import Process
from tests.product import STORE

_CLAIMS = """
    select c.journey_id from claims c
    where c.id > $1 and (c.state in ('given', 'used') or c.state = 'lapsed' and c.lapsed_reason is not null)
    order by c.journey_id"""
_KNOWN = """
    select coalesce(
        (select available from stock where store_id = $3 and inventory_item_id = $1 and location_id = $2),
        (select elsewhere from variants where store_id = $3 and stock_item = $1 and not exists (
            select from stock where store_id = $3 and inventory_item_id = $1) order by variant_id limit 1),
        0)"""
"""What the location is known to have; before any told of its level, what a total told."""


class Forecasting(Suite):
    """All that can happen; and units of which it is forecast what they do."""

    forecast = 0
    told = 0
    passed_over = 0

    @rule(
        variant=st.sampled_from(VARIANTS),
        location=st.sampled_from(LOCATIONS),
        units=st.integers(1, 6),
        joining=st.lists(st.integers(0, 4).map("c{}".format), min_size=1, max_size=5, unique=True),
        sold_out=st.booleans(),
        resumed=st.booleans(),
    )
    def units_come(
        self, variant: str, location: str, units: int, joining: list[str], sold_out: bool, resumed: bool
    ) -> None:
        """Some who may be written to join the lines first."""
        self._provider.forget_answers()
        if sold_out:
            self._do(self._sells_out)
        for name in joining:
            self.someone_signs_up(name, variant, 0, None)
            self.someone_is_interested(name, EventKind.VIEWED_PRODUCT, variant, 0, None)
            self.someone_changes(name, "agrees", None)
        for what in PAUSABLES if resumed else ():
            self._do(lambda what=what: Pausing(self._process.pool).resume(what, "test"))
        self.everything_that_can_be_done_is_done(None)
        subject = Subject(store_id=STORE, id=variant)
        storefront = self._storefronts[STORE]
        item = storefront.truth.items[variant]
        there, _ = storefront.levels.get((item, location), (0, None))
        (known,) = self._see(_KNOWN, item, location, STORE)
        arriving = there + units - known[0]
        if arriving < 1:
            return
        forecast = self._do(lambda: Forecasts(self._eyes).of_units(subject, arriving, location, MOST_SHOWN))
        (last,) = self._see("select coalesce(max(id), 0) from claims")
        storefront.moves(variant, location, there + units)
        self._arrives(storefront.level(variant, location), None)
        self.everything_that_can_be_done_is_done(None)
        told = [row["journey_id"] for row in self._see(_CLAIMS, last[0])]
        assert sorted(each.journey_id for each in forecast.first) == told
        assert forecast.told == len(told)
        assert not forecast.more
        passed_over = {each.journey_id for each in forecast.passed_over}
        assert passed_over.isdisjoint(told)
        type(self).forecast += 1
        type(self).told += len(told)
        type(self).passed_over += len(passed_over)

    more_units_come = units_come


@pytest.fixture
def machine(database_url: str) -> Iterator[Any]:
    # A loop of its own: Hypothesis is not asynchronous, and the run's loop stands still meanwhile.
    loop = asyncio.new_event_loop()
    eyes = loop.run_until_complete(open_pool(database_url, 3))
    process = loop.run_until_complete(Process.on(database_url, eyes))

    class Here(Forecasting):
        def __init__(self) -> None:
            super().__init__(loop, process, eyes)

    yield Here
    loop.run_until_complete(process.pool.close())
    loop.run_until_complete(eyes.close())
    loop.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_who_is_forecast_to_be_told_is_told(machine: Any) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=20, deadline=None))
    assert machine.forecast > 0
    assert machine.told > 0
    assert machine.passed_over > 0
