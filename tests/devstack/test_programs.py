"""Where the programs come from, and what is said when they do not come from anywhere."""

from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from schemas.settings import Settings
from starter.devstack.failures import DevstackError
from starter.devstack.programs import NotAvailableError, Source, first_of, run_visibly
from starter.devstack.temporal_cli import find_temporal
from starter.devstack.time_skipping import SETTING, find_test_server


def _program(file: Path, says: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


async def test_the_first_source_that_has_it_wins() -> None:
    async def missing() -> Path:
        raise NotAvailableError("not here")

    async def there() -> Path:
        return Path("/there")

    sources = (Source("one", missing), Source("two", there), Source("three", missing))
    assert await first_of("It", sources, "Buy it.") == Path("/there")
    with pytest.raises(DevstackError) as error:
        await first_of("It", (sources[0], sources[2]), "Buy it.")
    assert str(error.value).splitlines() == [
        "It was not found and could not be got. Tried, in this order:",
        "  - one: not here",
        "  - three: not here",
        "Buy it.",
    ]


async def test_path_comes_before_the_cache_and_a_program_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(cache_dir=tmp_path / "cache", temporal_cli=None)
    cached = _program(tmp_path / "cache" / "bin" / "temporal", "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)")
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    installed = _program(tmp_path / "path" / "temporal", "temporal version 1.6.0 (Server 1.30.0, UI 2.43.0)")
    assert await find_temporal(settings, print) == installed
    _program(installed, "temporal version 1.0.0 (Server 1.24.2, UI 2.30.0)")
    assert await find_temporal(settings, print) == cached


async def test_a_program_that_was_set_and_is_not_usable_is_an_error_not_a_download(tmp_path: Path) -> None:
    old = _program(tmp_path / "temporal", "temporal version 1.0.0 (Server 1.24.2, UI 2.30.0)")
    with pytest.raises(DevstackError, match=r"SHELFTALK_TEMPORAL_CLI is .*holds Temporal server 1\.24; 1\.29 or later"):
        await find_temporal(Settings(temporal_cli=old), print)
    with pytest.raises(DevstackError, match="there is no"):
        await find_temporal(Settings(temporal_cli=tmp_path / "none"), print)


async def test_a_test_server_that_was_set_and_does_not_exist_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, str(tmp_path / "none"))
    with pytest.raises(DevstackError, match=f"{SETTING} is .*there is no"):
        await find_test_server(Settings(), print)


async def test_a_long_program_is_ended_at_its_limit_with_all_it_started() -> None:
    ended = await run_visibly(
        ("sh", "-c", "echo began; sleep 600 & sleep 601"), say=print, doing="sleeping", counted="lines", limit=0.5
    )
    assert ended.code is None
    assert ended.last_words == "began"


async def test_the_time_skipping_server_skips_thirty_days() -> None:
    program = await find_test_server(Settings(), print)
    environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(program))
    async with environment:
        before = await environment.get_current_time()
        await environment.sleep(30 * 86_400)
        assert (await environment.get_current_time() - before).days == 30
