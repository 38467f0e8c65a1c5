"""A shop whose histories are encrypted: its story goes as ever, is replayed, and Temporal can read none of it."""

import base64

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from activities.postgres.pool import Pool
from activities.temporal_access import data_converter
from schemas.ids import journey_workflow_id
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.support.replay import HistoryGone, ReplayFailed, replay_history
from tests.conftest import TASK_QUEUE
from tests.history import settled_history
from tests.product import running_product

KEYS = tuple(SecretStr(base64.b64encode(letter * 32).decode()) for letter in (b"n", b"o"))


def sealing(client: Client, *keys: SecretStr) -> Client:
    """The same namespace, with payloads encrypted by these keys."""
    config = client.config()
    config["data_converter"] = data_converter(Settings(temporal_keys=keys))
    return Client(**config)


async def test_somebody_is_told_and_replayed_and_the_cluster_reads_nothing(
    pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    sealed = sealing(client, KEYS[1])
    async with running_product(pool, sealed, mailbox, TASK_QUEUE) as product:
        await product.shop.sells("v")
        (journey,) = await product.shop.signs_up("ada")
        await product.shop.has("v", 1)
        assert await product.mail_to("ada")
        path = await product.path(journey)
        assert path.entries
    # After the keys were rotated the same history is read with the old one behind the new.
    history = await settled_history(client, journey_workflow_id(journey))
    assert (await replay_history(history, sealing(client, *KEYS).data_converter)).entries == path.entries
    kept = history.to_json()
    assert "journey" in kept  # its id, in clear
    assert "back-in-stock" not in kept
    assert base64.b64encode(b"back-in-stock").decode()[:-2] not in kept
    assert kept.count(base64.b64encode(b"binary/encrypted").decode()) == kept.count('"metadata": {') - kept.count(
        base64.b64encode(b"json/plain").decode()
    )
    with pytest.raises((ReplayFailed, HistoryGone)):
        await replay_history(history, sealing(client, KEYS[0]).data_converter)
