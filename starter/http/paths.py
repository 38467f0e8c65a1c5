"""Ids in addresses: a shop's own id may hold a slash, which a caller writes as `%2F`.

Servers decode a path before it is matched, so that the slash would end the id. Here it stays encoded until a route
has matched, and `{name:id}` in a route decodes what it matched.
"""

import re
from urllib.parse import unquote, unquote_to_bytes

from starlette.convertors import Convertor
from starlette.types import ASGIApp, Receive, Scope, Send

_SLASH = re.compile(rb"%(?=2[Ff]|25)")
"""Begins what must not be decoded before a route has matched: a slash, or the sign that begins one."""


class Id(Convertor[str]):
    """A part of a path, with its slashes."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return unquote(value)

    def to_string(self, value: str) -> str:
        return value.replace("%", "%25").replace("/", "%2F")


class SlashesInIds:
    """ASGI middleware before the routes: a path with its slashes still told apart."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes | None = scope.get("raw_path")
        if scope["type"] == "http" and raw is not None and b"%" in raw:
            # In place: what the router finds, the request log reads from this same scope.
            scope["path"] = unquote_to_bytes(_SLASH.sub(b"%25", raw)).decode("utf-8", "replace")
        await self._app(scope, receive, send)
