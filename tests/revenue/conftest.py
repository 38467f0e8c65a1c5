"""The web server with the starter conversation published; none of this needs Temporal."""

from tests.http.conftest import nowhere, web

__all__ = ["nowhere", "web"]
