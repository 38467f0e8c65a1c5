"""What is forecast of units is what happens when they come, whatever happened before: all that the suite's machine does."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from activities.postgres.pool import open_pool
from schemas.ids import Subject
from starter.shops.forecast import Forecasts
from starter.shops.giving import MOST_SHOWN
from tests.allocation.suite import LOCATIONS, VARIANTS
from tests.allocation.test_suite_line import Suite
from tests.faults.crashes import Process
from tests.product import STORE

_CLAIMS = """
    select c.journey_id from claims c
    where c.id > $1 and (c.state in ('given', 'used') or c.state = 'lapsed' and c.lapsed_reason is not null)
    order by c.journey_id"""
_KNOWN = """
    select coalesce(
        (select available from stock where inventory_item_id = $1 and location_id = $2),
        (select elsewhere from variants where stock_item = $1 and not exists (
            select from stock where inventory_item_id = $1) order by variant_id limit 1),
        0)"""
"""What the location is known to have; before any told of its level, what a total told."""


class Forecasting(Suite):
    """All that can happen; and units of which it is forecast what they do."""

    forecast = 0
    told = 0
    passed_over = 0

    @rule(variant=st.sampled_from(VARIANTS), location=st.sampled_from(LOCATIONS), units=st.integers(1, 6))
    def units_come(self, variant: str, location: str, units: int) -> None:
        self._provider.forget_answers()
        self.everything_that_can_be_done_is_done(None)
        subject = Subject(store_id=STORE, id=variant)
        there, _ = self._storefront.levels.get((self._truth.items[variant], location), (0, None))
        (known,) = self._see(_KNOWN, self._truth.items[variant], location)
        arriving = there + units - known[0]
        if arriving < 1:
            return
        forecast = self._do(lambda: Forecasts(self._eyes).of_units(subject, arriving, location, MOST_SHOWN))
        (last,) = self._see("select coalesce(max(id), 0) from claims")
        self._storefront.moves(variant, location, there + units)
        self._arrives(self._storefront.level(variant, location), None)
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
    units_come_again = units_come


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
    run_state_machine_as_test(machine, settings=settings(max_examples=12, stateful_step_count=25, deadline=None))
    assert machine.forecast > 0
    assert machine.told > 0
    assert machine.passed_over > 0
