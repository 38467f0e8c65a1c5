"""A worker in a process of its own, so that it can be killed without a chance to say goodbye."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

UNTIL_AT_WORK = 300.0
"""Seconds until a process that was started does its first work, on a loaded machine."""


@dataclass(frozen=True)
class Setting:
    """What a worker process is pointed at."""

    database_url: str
    temporal_address: str
    temporal_namespace: str
    task_queue: str
    data_dir: Path

    def environment(self, smtp_port: int) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "SHELFTALK_TEMPORAL_ADDRESS": self.temporal_address,
            "SHELFTALK_TEMPORAL_NAMESPACE": self.temporal_namespace,
            "SHELFTALK_TEMPORAL_TASK_QUEUE": self.task_queue,
            "SHELFTALK_SMTP_HOST": "127.0.0.1",
            "SHELFTALK_SMTP_PORT": str(smtp_port),
            "SHELFTALK_DATA_DIR": str(self.data_dir),
        }


@asynccontextmanager
async def worker_process(setting: Setting, smtp_port: int) -> AsyncGenerator[asyncio.subprocess.Process]:
    """`shelftalk worker`, killed when the block ends at the latest."""
    log = setting.data_dir / "worker.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "starter",
            "worker",
            env=setting.environment(smtp_port),
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        await kill(process)


async def kill(process: asyncio.subprocess.Process) -> None:
    """SIGKILL: nothing is finished, nothing is released."""
    if process.returncode is None:
        process.kill()
    await process.wait()
