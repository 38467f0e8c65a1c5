"""A run that was killed leaves its folders behind only until the next one."""

import os
import subprocess
import sys
from pathlib import Path

from tests.folders import clear_left_behind, folder


def test_what_a_killed_run_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f"shelftalk-{gone.pid}-abc_1"
    others = {tmp_path / f"shelftalk-{os.getpid()}-abc_1", tmp_path / "shelftalk-abc_1", tmp_path / f"x-{gone.pid}-a"}
    for path in (left, *others):
        (path / "postgres").mkdir(parents=True)
    clear_left_behind(tmp_path)
    assert set(tmp_path.iterdir()) == others


def test_a_folder_tells_whose_it_is_and_is_gone_afterwards() -> None:
    with folder() as path:
        assert path.is_dir()
        clear_left_behind(path.parent)
        assert path.is_dir()
    assert not path.exists()
