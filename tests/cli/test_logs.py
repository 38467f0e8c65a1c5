"""Logs: JSON lines with what was bound, and never an address (promise P8)."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from starter.runtime.logs import log_to_file


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """Logging to a file, and afterwards as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    file = tmp_path / "shelftalk.log"
    log_to_file(file, "info")
    yield file
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_an_event_is_one_json_line_with_its_ids(log_file: Path) -> None:
    structlog.get_logger().info("delivered", journey="j-1", outcome="sent")
    (line,) = log_file.read_text().splitlines()
    event = json.loads(line)
    assert (event["event"], event["journey"], event["outcome"], event["level"]) == ("delivered", "j-1", "sent", "info")
    assert event["timestamp"].endswith("Z")


def test_no_address_reaches_a_log_whoever_logs_it(log_file: Path) -> None:
    structlog.get_logger().warning("refused", error="550 no such user first.last+tag@example.com here")
    logging.getLogger("a.library").warning("Key (email)=(first@example.com) exists, for %s", "<first@example.com>")
    try:
        raise ValueError("first@example.com")
    except ValueError:
        logging.getLogger("a.library").exception("failed")
    text = log_file.read_text()
    assert text.count("<address>") >= 4
    assert "@example.com" not in text


def test_no_phone_number_reaches_a_log_whoever_logs_it(log_file: Path) -> None:
    structlog.get_logger().warning("refused", error="21614: +12025550123 is no mobile number")
    logging.getLogger("a.library").warning("Key (phone)=(%s) exists", "+4915123456789")
    text = log_file.read_text()
    assert text.count("<number>") == 2
    assert "2025550123" not in text
    structlog.get_logger().info("waits", until="2026-11-30T09:00:00+00:00", delay="+90 s")
    assert '"delay": "+90 s"' in log_file.read_text()


def test_no_query_of_a_url_reaches_a_log_whoever_logs_it(log_file: Path) -> None:
    """A number has no + there, with some providers."""
    url = "https://api.provider.example/sms"
    structlog.get_logger().warning("refused", error=f"400 for '{url}?to=12025550123&text=Hi', see {url}")
    logging.getLogger("a.library").warning("GET %s/v1?msisdn=447700900001", "http://127.0.0.1:80")
    first, second = (json.loads(line) for line in log_file.read_text().splitlines())
    assert first["error"] == f"400 for '{url}?<query>', see {url}"
    assert second["event"] == "GET http://127.0.0.1:80/v1?<query>"


def test_a_version_is_no_address(log_file: Path) -> None:
    versions = ("back-in-stock@2", "at back-in-stock@2, step told", "back-in-stock@2.", "back-in-stock@2/told")
    for each in (*versions, "ada@2.example", "ada@2x", "ada@192.0.2.1"):
        structlog.get_logger().info("moved", said=each)
    said = [json.loads(line)["said"] for line in log_file.read_text().splitlines()]
    assert said == [*versions, "<address>", "<address>", "<address>"]


def test_what_libraries_say_of_single_requests_is_left_out(log_file: Path) -> None:
    for name in ("httpx", "uvicorn.access", "mail.log"):
        logging.getLogger(name).info("GET /v1/journeys?email=first")
    assert log_file.read_text() == ""
