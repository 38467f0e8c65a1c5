"""No server outlives its owner, whatever happened to the owner; and what does is ended at the next start."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from starter.devstack.child import Child, Server
from starter.devstack.failures import explain

_OWNER = """
import asyncio, sys
from pathlib import Path
from starter.devstack.postgres import EmbeddedPostgres

async def main() -> None:
    await EmbeddedPostgres(Path(sys.argv[1]), durable=False).start()
    print("up", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""

_SECONDS_TO_END = 120.0


async def test_a_server_ends_when_its_owner_is_killed(folder: Path, processes_on: Callable[[Path], list[str]]) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _OWNER, str(folder)), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    assert await owner.stdout.readline() == b"up\n"
    server = psutil.Process(json.loads((folder / "postgres.pid").read_text())["pid"])
    assert processes_on(folder) != []
    owner.kill()
    await owner.wait()
    await asyncio.to_thread(psutil.wait_procs, [server], _SECONDS_TO_END)
    assert not server.is_running()
    assert "database system is shut down" in (folder / "postgres.log").read_text()


async def test_a_server_left_behind_is_ended_at_the_next_start(tmp_path: Path) -> None:
    argv = ["sleep", "600"]
    left = await asyncio.create_subprocess_exec(*argv)
    (tmp_path / "sleeper.pid").write_text(json.dumps({"pid": left.pid, "argv": argv}))
    child = await Child.start(Server(name="sleeper", folder=tmp_path, argv=["sleep", "601"]))
    assert await left.wait() == -signal.SIGTERM
    assert not child.ended
    await child.stop()
    assert child.ended


async def test_another_program_that_got_the_number_of_an_old_server_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sleeper.pid").write_text(json.dumps({"pid": os.getpid(), "argv": ["sleep", "600"]}))
    child = await Child.start(Server(name="sleeper", folder=tmp_path, argv=["sleep", "601"]))
    await child.stop()


async def test_a_program_that_cannot_be_run_leaves_its_reason(tmp_path: Path) -> None:
    child = await Child.start(Server(name="nothing", folder=tmp_path, argv=[str(tmp_path / "no-such-program")]))
    await child.stop()
    assert "no-such-program" in child.last_words()


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("FATAL: could not write lock file: No space left on device", "the disk that holds /data is full"),
        ("unable to open database file: permission denied", "it may not write to /data"),
        ("panic: something else", "it ended by itself"),
    ],
)
def test_a_servers_last_words_are_turned_into_what_to_do(said: str, cause: str) -> None:
    error = explain("Temporal", said, Path("/data"))
    assert cause in str(error)
    assert said in str(error)
