"""Logs: one JSON line per event with ids and never an address (promise P8); readable lines at a terminal.

What libraries log through the standard library goes the same way.
"""

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

import structlog
from structlog.typing import EventDict, Processor
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

LOG_LIMIT_BYTES = 8 * 1024 * 1024
"""A log file larger than this is set aside; one earlier file is kept."""

_TOO_TALKATIVE = ("httpx", "httpcore", "uvicorn.access", "mail.log", "asyncio", "limits")
"""They log at INFO what a request or an envelope held: network addresses, queries with e-mail addresses."""

_ADDRESS = re.compile(r"[^\s@<>\"'(),:;=]+@(?!\d+(?![\w-]|\.\w))[^\s@<>\"'(),:;]+")
"""Not `back-in-stock@2`, which is a version: no mail server is called by a number alone."""

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}(?![0-9])")

_QUERY = re.compile(r"(://[^\s?#<>\"']*\?)[^\s<>\"']+")
"""Behind the ? of a URL: some providers have numbers there without a +, which are like any id."""


def keep_addresses_out(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The last guard of P8: an error's text from a library or from PostgreSQL may quote what it was about."""
    for name, value in event.items():
        if isinstance(value, str) and ("@" in value or "+" in value or "://" in value):
            event[name] = _NUMBER.sub("<number>", _ADDRESS.sub("<address>", _QUERY.sub(r"\1<query>", value)))
    return event


def log_to_stderr(level: str, metrics: str | None = None) -> None:
    """Log to standard error: readable at a terminal, else JSON lines.

    Args:
        metrics: host:port where the metrics of Temporal's SDK, and ours with them, are to be read.
    """
    _log_to(logging.StreamHandler(sys.stderr), level, metrics, readable=_is_terminal(sys.stderr))


def log_to_file(file: Path, level: str) -> None:
    """Log JSON lines to a file, so that a terminal stays free for people."""
    _log_to(RotatingFileHandler(file, maxBytes=LOG_LIMIT_BYTES, backupCount=1, encoding="utf-8"), level)


def _log_to(handler: logging.Handler, level: str, metrics: str | None = None, *, readable: bool = False) -> None:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                keep_addresses_out,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    _take_in_temporal(metrics)
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Modules make their loggers when they are imported, before this has been called.
        cache_logger_on_first_use=False,
    )


def _take_in_temporal(metrics: str | None) -> None:
    """The SDK's core writes its warnings to standard output by itself, where answers belong. Its metrics go with it."""
    forwarded = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core"), prepend_target_on_message=False),
    )
    read_at = None
    if metrics is not None:
        read_at = PrometheusConfig(metrics, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True)
    telemetry = TelemetryConfig(logging=forwarded, metrics=read_at)
    Runtime.set_default(Runtime(telemetry=telemetry), error_if_already_set=False)


def _is_terminal(stream: IO[str]) -> bool:
    return stream.isatty()
