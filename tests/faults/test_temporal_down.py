"""Promise P4: while Temporal is down, sign-ups and stock changes are taken, and take effect once it is back."""

from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.journeys.bulk import Bulk
from activities.postgres.pool import Pool
from activities.temporal import Temporal
from activities.waitlist.claims import Waitlist
from schemas.responses.operations import Choice, RunBulk
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.devstack.temporal import EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from tests.in_flight.decided import operation
from tests.in_flight.test_moving import reworded
from tests.product import Shop, addressees, running_product
from worker import connect


@pytest.mark.slow
async def test_sign_ups_and_stock_taken_while_temporal_is_down_are_told_when_it_is_back(
    pool: Pool, mailbox: Mailbox, tmp_path: Path
) -> None:
    server = EmbeddedTemporal(await find_temporal(Settings(), print), tmp_path / "temporal")
    address = await server.start()
    try:
        client = await connect(address, "default")
        async with running_product(pool, client, mailbox, "outage") as product:
            await product.shop.sells("v")
            await product.shop.signs_up("before")
            await product.settled()
            await server.stop()

            await product.shop.signs_up("during", "late")
            await product.shop.has("v", 2)
            assert await pool.fetchval("select count(*) from outbox") >= 3
            assert addressees(mailbox) == []

            server = EmbeddedTemporal(
                await find_temporal(Settings(), print), tmp_path / "temporal", port=int(address.split(":")[1])
            )
            await server.start()
            await mailbox.wait_for_count(2, 60)
            await product.settled()
            assert sorted(addressees(mailbox)) == ["before", "during"]
    finally:
        await server.stop()


@pytest.mark.slow
async def test_an_operation_does_not_walk_all_its_journeys_in_vain_while_temporal_is_down(
    pool: Pool, tmp_path: Path
) -> None:
    server = EmbeddedTemporal(await find_temporal(Settings(), print), tmp_path / "temporal")
    client = await connect(await server.start(), "default")
    await server.stop()
    shop = await Shop.opened(pool)
    await shop.signs_up(*(f"number-{number}" for number in range(6)))
    number = await operation(pool, reworded("Look, it is here"), Choice.MOVE)
    bulk = Bulk(pool, Waitlist(pool), Temporal(client, "outage"), at_once=2)
    with pytest.raises(ApplicationError, match="took no call of a whole batch; 0 journeys were asked"):
        await ActivityEnvironment().run(bulk.run_bulk, RunBulk(operation_id=number))
