"""The web server, as the tests of HTTP have it."""

from tests.http.conftest import nowhere, web

__all__ = ["nowhere", "web"]
