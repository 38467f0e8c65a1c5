"""The answer to a sign-up tells nobody by its time whether the address was known: it leaves on a beat."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.client import Client

from activities.postgres.pool import Pool
from starter.http.app import create_app
from starter.http.beats import BEAT, Beats, leaves_after
from starter.http.dependencies import Dependencies, provide
from starter.http.server import serving
from starter.versioning.publishing import publish
from tests.http.conftest import services_over
from tests.http.connecting import connect_stores
from tests.http.web import SETTINGS, Web, open_web, problem, product_message
from tests.product import starter_document
from tests.storefronts.shop import SHOP

works = st.timedeltas(timedelta(0), timedelta(seconds=3))
within_one = st.timedeltas(timedelta(microseconds=1), BEAT)


@given(works)
def test_an_answer_leaves_on_the_first_beat_after_its_work(took: timedelta) -> None:
    leaves = leaves_after(took)
    assert leaves % BEAT == timedelta(0)
    assert leaves >= max(took, BEAT)
    assert leaves - took < BEAT or leaves == BEAT


@given(
    st.timedeltas(timedelta(microseconds=1), BEAT), st.timedeltas(timedelta(microseconds=1), BEAT), st.integers(0, 9)
)
def test_all_work_that_ends_within_one_beat_is_answered_at_the_same_time(
    one: timedelta, other: timedelta, beats: int
) -> None:
    assert leaves_after(beats * BEAT + one) == leaves_after(beats * BEAT + other)


@given(works, st.floats(0, 1e6), st.floats(0.1, 1))
def test_it_is_never_early_however_early_a_sleep_returns(took: timedelta, began: float, sleeps: float) -> None:
    """A loop's clock goes by milliseconds: it may return a little before."""
    now = began + took.total_seconds()

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += max(seconds * sleeps, 1e-6)

    asyncio.run(Beats(lambda: now, sleep).keep(began))
    microsecond = 1e-6
    assert now - began >= leaves_after(took).total_seconds() - microsecond


@dataclass
class Held:
    """Answers wait for their beat until they may go; then it is there.

    Attributes:
        waiting: how long each has left.
    """

    waiting: asyncio.Queue[float] = field(default_factory=asyncio.Queue[float])
    may_go: asyncio.Event = field(default_factory=asyncio.Event)
    ahead: float = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.waiting.put_nowait(seconds)
        await self.may_go.wait()
        self.ahead += seconds


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
async def web(pool: Pool, nowhere: Client, held: Held) -> AsyncGenerator[Web]:
    """A server that takes one sign-up at a time, and whose answers are held."""
    await publish(pool, starter_document())
    await connect_stores(pool)
    services = services_over(pool, nowhere)
    app = create_app(services, SETTINGS.model_copy(update={"database_pool": 4}))
    dependencies = app.state.dependencies
    assert isinstance(dependencies, Dependencies)
    provide(app, replace(dependencies, beats=Beats(held.clock, held.sleep)))
    async with serving(app, "127.0.0.1", 0) as served, open_web(served.url, services) as web:
        await web.webhook("products/update", product_message())
        yield web


async def test_new_and_known_are_both_answered_on_a_beat_and_hold_nothing_while_they_wait(
    web: Web, pool: Pool, held: Held
) -> None:
    asking: list[asyncio.Task[object]] = []
    for email in ("new@example.com", "new@example.com", "other@example.com"):
        # Those before wait for their beats, and have the only turn no more.
        asking.append(asyncio.create_task(_status(web, email)))
        left = await held.waiting.get()
        assert timedelta(0) < timedelta(seconds=left) <= BEAT
        assert pool.get_idle_size() == pool.get_size()
    assert await pool.fetchval("select count(*) from journeys") == 2
    assert not any(each.done() for each in asking)
    held.may_go.set()
    assert [await each for each in asking] == [202] * 3


async def test_what_is_refused_whoever_it_is_for_is_answered_at_once(web: Web, held: Held) -> None:
    problem(await web.sign_up("a@example.com", "unknown"), 404, "not-found")
    problem(await web.sign_up("no address"), 422, "invalid")
    problem(await web.open.post("/v1/signups", content=b"{"), 400, "request-malformed")
    problem(await web.open.post("/v1/signups", json={"store": SHOP}), 422, "invalid")
    assert held.waiting.empty()


async def _status(web: Web, email: str) -> int:
    return (await web.sign_up(email)).status_code
