"""Finding a running `up`: the environment first, then what it wrote to the data folder, and only while it runs."""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

from schemas.settings import Settings
from starter.runtime.endpoints import (
    Endpoints,
    endpoints_file,
    remove_endpoints,
    resolve,
    running_endpoints,
    write_endpoints,
)

NO_PROCESS = 2**22 + 1
"""Above the largest number that Linux or macOS gives to a process."""


def _endpoints(pid: int) -> Endpoints:
    return Endpoints(
        pid=pid,
        database_url="postgresql://here/shelftalk",
        temporal_address="127.0.0.1:7233",
        temporal_namespace="default",
        temporal_task_queue="shelftalk",
        smtp_host="127.0.0.1",
        smtp_port=1025,
        web_url="http://127.0.0.1:8080",
    )


def _settings(folder: Path, **update: object) -> Settings:
    nothing = {"data_dir": folder, "database_url": None, "temporal_address": None, "smtp_host": None}
    return Settings().model_copy(update={**nothing, **update})


def test_what_the_environment_leaves_open_is_taken_from_a_running_up(tmp_path: Path) -> None:
    write_endpoints(tmp_path, _endpoints(os.getpid()))
    found = resolve(_settings(tmp_path))
    assert found.database_url is not None
    assert found.database_url.get_secret_value() == "postgresql://here/shelftalk"
    assert (found.temporal_address, found.smtp_host, found.smtp_port) == ("127.0.0.1:7233", "127.0.0.1", 1025)


def test_another_database_in_the_environment_stands_alone(tmp_path: Path) -> None:
    write_endpoints(tmp_path, _endpoints(os.getpid()))
    settings = _settings(tmp_path, database_url=SecretStr("postgresql://elsewhere/shelftalk"))
    assert resolve(settings) == settings


def test_a_mail_server_in_the_environment_is_kept(tmp_path: Path) -> None:
    write_endpoints(tmp_path, _endpoints(os.getpid()))
    assert resolve(_settings(tmp_path, smtp_host="mail.example.com")).smtp_host == "mail.example.com"


def test_what_an_up_that_was_killed_left_behind_counts_for_nothing(tmp_path: Path) -> None:
    write_endpoints(tmp_path, _endpoints(NO_PROCESS))
    assert running_endpoints(tmp_path) is None
    settings = _settings(tmp_path)
    assert resolve(settings) == settings


def test_a_damaged_file_counts_for_nothing(tmp_path: Path) -> None:
    endpoints_file(tmp_path).write_text('{"pid": ')
    assert running_endpoints(tmp_path) is None


def test_only_this_account_can_read_it_and_only_its_writer_takes_it_back(tmp_path: Path) -> None:
    write_endpoints(tmp_path, _endpoints(os.getpid()))
    assert stat.S_IMODE(endpoints_file(tmp_path).stat().st_mode) == 0o600
    remove_endpoints(tmp_path)
    assert not endpoints_file(tmp_path).exists()
    write_endpoints(tmp_path, _endpoints(NO_PROCESS))
    remove_endpoints(tmp_path)
    assert endpoints_file(tmp_path).exists()
