"""Has the Temporal SDK download one of its servers into a folder. A program by itself, so that it can be given a limit.

    python -m starter.devstack.sdk_download (temporal | test-server) FOLDER

The SDK downloads only by starting the server; it is stopped again at once. Ends with 1 and the SDK's words on failure.
"""

import asyncio
import sys

from temporalio.testing import WorkflowEnvironment


async def _download(which: str, folder: str) -> None:
    match which:
        case "temporal":
            # The SDK leaves the type of a search attribute's value open in this signature.
            environment = await WorkflowEnvironment.start_local(download_dest_dir=folder)  # pyright: ignore[reportUnknownMemberType]
        case "test-server":
            environment = await WorkflowEnvironment.start_time_skipping(download_dest_dir=folder)
        case _:
            raise SystemExit(f"there is no {which!r} to download: say temporal or test-server")
    await environment.shutdown()


if __name__ == "__main__":
    try:
        asyncio.run(_download(sys.argv[1], sys.argv[2]))
    except RuntimeError as error:
        raise SystemExit(str(error)) from error
