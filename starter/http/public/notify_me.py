"""`/notify-me-1.js`: the sign-up form for shops' pages, one script that any page may load; `/notify-me-work-1.js`,
which that loads where the server asks for a proof of work; and `/track-1.js`, by which pages tell what is looked at.

Pages name it with the digest of what it says (subresource integrity), so what was released under a number stays as it
is: a change of it is a new file beside it, with the next number.
"""

import asyncio
import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import cast

import rjsmin  # pyright: ignore[reportMissingTypeStubs] it has none
import zopfli.gzip  # pyright: ignore[reportMissingTypeStubs] it has none
from fastapi import APIRouter, Request, Response

PATH = "/notify-me-1.js"
WORK_PATH = "/notify-me-work-1.js"
TRACK_PATH = "/track-1.js"
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
"""Any page may load it, and read it, as browsers do that hold it against its digest."""

router = APIRouter(include_in_schema=False)


@cache
def script(path: str = PATH) -> bytes:
    """What is served: the file without its comments and the space that means nothing."""
    text = files("starter.http.public").joinpath(path.lstrip("/")).read_text(encoding="utf-8")
    minified = cast("str", rjsmin.jsmin(text))  # pyright: ignore[reportUnknownMemberType] it has no stubs
    return minified.encode()


@cache
def compressed(path: str = PATH) -> bytes:
    """The same, packed: by zopfli, whose gzip is three in a hundred smaller, and made once."""
    return cast("bytes", zopfli.gzip.compress(script(path)))  # pyright: ignore[reportUnknownMemberType] it has no stubs


@cache
def integrity(path: str = PATH) -> str:
    """A script's digest, as pages name it."""
    return f"sha384-{base64.b64encode(hashlib.sha384(script(path)).digest()).decode()}"


async def serve(request: Request) -> Response:
    """A script. Needs no key."""
    path = request.url.path
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    return Response(
        await asyncio.to_thread(compressed if zipped else script, path),
        media_type="text/javascript",
        headers=_HEADERS | ({"Content-Encoding": "gzip"} if zipped else {}),
    )


for _path in (PATH, WORK_PATH, TRACK_PATH):
    router.add_api_route(_path, serve, methods=["GET", "HEAD"])
