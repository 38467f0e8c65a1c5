"""Finds Temporal's time-skipping test server for tests, or gets it: setting, cache folder, SDK download, Maven."""

import os
import shutil
import tempfile
from pathlib import Path

from schemas.settings import Settings
from starter.devstack.failures import DevstackError
from starter.devstack.programs import NotAvailableError, Say, Source, at_hand, first_of, only_one, run_visibly
from starter.devstack.temporal_cli import sdk_download

SETTING = "SHELFTALK_TEST_SERVER"
"""Names the program. Not in `Settings`, for the product never uses it."""

VERSION = "1.33.0"
MAIN_CLASS = "io.temporal.testserver.TestServer"

MAVEN_LIMIT_SECONDS = 10 * 60.0
"""Usually five seconds; forty jars over a slow line take minutes."""

_ADVICE = f"To get it: install Java (11 or later) and Maven, or set {SETTING} to the program."

_POM = f"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shelftalk</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

# Quick to start and small, for a server that lives as long as a test run. Found from where the launcher itself is.
_LAUNCHER = f"""#!/bin/sh
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$(dirname "$0")/../test-server-{VERSION}/*" {MAIN_CLASS} "$@"
"""


async def find_test_server(settings: Settings, say: Say) -> Path:
    """The program to pass as `test_server_existing_path` to `WorkflowEnvironment.start_time_skipping`.

    Raises:
        DevstackError: no source has it, or the one that was set does not exist.
    """
    if chosen := os.environ.get(SETTING):
        try:
            return await _usable(Path(chosen))
        except NotAvailableError as reason:
            raise DevstackError(f"{SETTING} is {chosen}: {reason}") from reason
    cached = settings.cache_dir / "bin" / f"temporal-test-server-{VERSION}"
    in_cache = Source("cache folder", lambda: _usable(cached))
    if (found := await at_hand((in_cache,))) is not None:
        return found
    async with only_one(cached.parent, say):
        return await first_of(
            "Temporal's time-skipping test server",
            (
                in_cache,  # Again: while we waited, another may have got it.
                Source("download by the Temporal SDK", lambda: _download(cached, say)),
                Source(f"Maven artifact io.temporal:temporal-test-server:{VERSION}", lambda: _from_maven(cached, say)),
            ),
            _ADVICE,
        )


async def _usable(program: Path) -> Path:
    if not program.is_file():
        raise NotAvailableError(f"there is no {program}")
    if not os.access(program, os.X_OK):
        raise NotAvailableError(f"{program} is not executable")
    with program.open("rb") as file:
        is_launcher = file.read(2) == b"#!"
    if is_launcher and shutil.which("java") is None:
        raise NotAvailableError(f"{program} needs `java` on PATH")
    return program


async def _download(cached: Path, say: Say) -> Path:
    say("Getting the time-skipping test server by the SDK's download (about 30 MB)")
    with tempfile.TemporaryDirectory(prefix="download-", dir=cached.parent) as folder:
        program = await sdk_download("test-server", Path(folder), say)
        program.replace(cached)
    return await _usable(cached)


async def _from_maven(cached: Path, say: Say) -> Path:
    for needed in ("java", "mvn"):
        if shutil.which(needed) is None:
            raise NotAvailableError(f"no `{needed}` on PATH")
    say(f"Getting the time-skipping test server {VERSION} by Maven (usually a few seconds)")
    lib = cached.parent.parent / f"test-server-{VERSION}"
    with tempfile.TemporaryDirectory(prefix="maven-", dir=cached.parent) as folder:
        work = Path(folder)
        (work / "pom.xml").write_text(_POM)
        ended = await run_visibly(
            (
                "mvn",
                "-B",
                "-q",
                "-f",
                str(work / "pom.xml"),
                "dependency:copy-dependencies",
                f"-DoutputDirectory={work / 'lib'}",
            ),
            say=say,
            doing="downloading",
            counted="messages",
            limit=MAVEN_LIMIT_SECONDS,
        )
        if ended.code != 0:
            code = "was ended after its limit" if ended.code is None else f"ended with code {ended.code}"
            raise NotAvailableError(f"Maven {code}; its last words: {ended.last_words}")
        shutil.rmtree(lib, ignore_errors=True)
        (work / "lib").replace(lib)
        launcher = work / "launcher"
        launcher.write_text(_LAUNCHER)
        launcher.chmod(0o755)
        launcher.replace(cached)
    return await _usable(cached)
