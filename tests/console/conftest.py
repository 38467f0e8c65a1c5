"""The console is a part of the web server: its tests have the same one."""

from tests.http.conftest import nowhere, web
from tests.shop_page.conftest import tab

__all__ = ["nowhere", "tab", "web"]
