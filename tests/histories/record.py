"""Records the histories beside it, on real servers: `.venv/bin/python -m tests.histories.record`.

A history of a released shape must replay on every later code (promise P6), so a file that is there is never written
again. A release that gives workflows another shape adds its shapes (shapes.py), under names of their own, and records
only those.
"""

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, cast

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.postgres.migrate import migrate
from activities.postgres.pool import open_pool
from schemas.settings import Settings
from starter.devstack.mailbox import Mailbox
from starter.devstack.postgres import EmbeddedPostgres
from starter.devstack.temporal import EmbeddedTemporal
from starter.devstack.temporal_cli import find_temporal
from starter.runtime.ports import free_port
from tests.conformance.shops import SECRET
from tests.folders import folder
from tests.histories.shapes import SHAPES
from tests.histories.stage import IDENTITY, SimulatedShop
from tests.history import settled_history

FOLDER = Path(__file__).parent
HASHES = FOLDER / "released.sha256"
"""The hash of each, as `sha256sum` writes it: what was released is never written again."""


async def _record(stage: SimulatedShop, name: str) -> None:
    ran = await SHAPES[name](stage)
    history = ran.history or await settled_history(stage.client, ran.workflow_id)
    recorded = {
        "workflow_id": ran.workflow_id,
        "path": ran.path.model_dump(mode="json") if ran.path else None,
        "history": _without_traces(history.to_json_dict()),
    }
    text = json.dumps(recorded, indent=1) + "\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    with HASHES.open("a", encoding="utf-8") as hashes:
        hashes.write(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}.json\n")
    print(f"{name}: {len(history.events)} events")


def _without_traces(part: Any) -> Any:
    """Without the stack traces of failed attempts: they name the folders of the machine, and no replay reads them."""
    if isinstance(part, dict):
        kept = cast("dict[str, Any]", part)
        return {key: _without_traces(value) for key, value in kept.items() if key != "stackTrace"}
    if isinstance(part, list):
        return [_without_traces(inner) for inner in cast("list[Any]", part)]
    return part


async def record(names: list[str]) -> None:
    """Record these shapes."""
    os.environ |= {
        "SHELFTALK_WEBHOOK_PRIVATE_HOSTS": "true",
        "SHELFTALK_WEBHOOK_SECRETS": SECRET.get_secret_value(),
    }
    with folder() as root:
        program = await find_temporal(Settings(), print)
        async with (
            EmbeddedPostgres(root / "postgres", durable=False) as postgres,
            EmbeddedTemporal(program, root / "temporal") as temporal,
        ):
            client = await Client.connect(temporal.address, data_converter=pydantic_data_converter, identity=IDENTITY)
            for name in names:
                pool = await open_pool(await postgres.create_database(name), 10)
                await migrate(pool)
                async with Mailbox(root / name, port=free_port()) as mailbox:
                    await _record(SimulatedShop(pool, client, mailbox), name)
                await pool.close()


if __name__ == "__main__":
    missing = [name for name in SHAPES if not (FOLDER / f"{name}.json").exists()]
    if not missing:
        sys.exit("Every shape is recorded; a recorded one is never written again.")
    asyncio.run(record(missing))
