"""The web server, as tests of events have it: nothing is published yet."""

from tests.events.conftest import web

__all__ = ["web"]
