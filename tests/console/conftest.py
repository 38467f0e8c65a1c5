"""The console is a part of the web server: its tests have the same one."""

from tests.http.conftest import nowhere, web

__all__ = ["nowhere", "web"]
