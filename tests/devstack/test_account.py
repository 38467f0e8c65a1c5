"""Whose files an embedded PostgreSQL reaches: nothing is opened for it that was not made for it."""

import os
from pathlib import Path

import pytest

from starter.devstack.account import reachable_programs
from starter.devstack.child import Account
from starter.devstack.failures import DevstackError
from starter.devstack.postgres import EmbeddedPostgres


def _modes(folder: Path) -> dict[Path, int]:
    return {each: each.stat().st_mode for each in (folder, *folder.parents)}


async def test_folders_that_are_there_keep_their_permissions_and_new_ones_let_nobody_see_in(folder: Path) -> None:
    before = _modes(folder)
    async with EmbeddedPostgres(folder / "new" / "newer" / "postgres", durable=False):
        for made in ("new", "new/newer", "new/newer/postgres"):
            assert (folder / made).stat().st_mode & 0o067 == 0
    assert _modes(folder) == before


async def test_a_closed_folder_stays_closed(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    before = _modes(closed)
    if os.geteuid() == 0:
        with pytest.raises(DevstackError, match=rf"cannot pass through {closed}: set SHELFTALK_DATA_DIR"):
            await EmbeddedPostgres(closed / "postgres", durable=False).start()
    else:
        async with EmbeddedPostgres(closed / "postgres", durable=False):
            pass
    assert _modes(closed) == before


def test_programs_behind_a_closed_folder_are_copied_beside_the_data(folder: Path) -> None:
    programs, data = folder / "closed" / "installed" / "bin", folder / "data"
    programs.mkdir(parents=True)
    data.mkdir()
    (programs / "postgres").write_text("")
    nobody = Account(65534, 65534)
    folder.chmod(0o711)
    data.chmod(0o711)
    (folder / "closed").chmod(0o755)
    programs.parent.chmod(0o755)
    programs.chmod(0o755)
    assert reachable_programs(nobody, data, programs) == programs
    (folder / "closed").chmod(0o700)
    for _ in range(2):
        copied = reachable_programs(nobody, data, programs)
        assert copied == data / "installed" / "bin"
        assert (copied / "postgres").exists()
    assert (folder / "closed").stat().st_mode & 0o777 == 0o700
