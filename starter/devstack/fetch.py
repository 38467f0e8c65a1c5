"""Gets the programs that tests and dev stack need, ahead of time, so that the long part of a first run is visible.

python -m starter.devstack.fetch [temporal] [test-server]
"""

import asyncio
import sys

from schemas.settings import Settings
from starter.devstack.failures import DevstackError
from starter.devstack.temporal_cli import find_temporal
from starter.devstack.time_skipping import find_test_server


def _say(line: str) -> None:
    print(line, flush=True)


async def _fetch(names: list[str]) -> None:
    settings = Settings()
    for name in names:
        match name:
            case "temporal":
                _say(f"temporal: {await find_temporal(settings, _say)}")
            case "test-server":
                _say(f"test-server: {await find_test_server(settings, _say)}")
            case _:
                raise DevstackError(f"there is no {name!r} to get: say temporal or test-server")


if __name__ == "__main__":
    try:
        asyncio.run(_fetch(sys.argv[1:]))
    except DevstackError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
