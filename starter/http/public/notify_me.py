"""`/notify-me-1.js`: the sign-up form for shops' pages, one script that any page may load.

Pages name it with the digest of what it says (subresource integrity), so what was released under a number stays as it
is: a change of it is a new file beside it, with the next number.
"""

import base64
import gzip
import hashlib
import re
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

PATH = "/notify-me-1.js"
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
def script() -> bytes:
    """What is served: the file without its comments, empty lines and indentation."""
    text = files("starter.http.public").joinpath(PATH.lstrip("/")).read_text(encoding="utf-8")
    return re.sub(r"^ *(//.*)?\n?", "", text, flags=re.MULTILINE).encode()


@cache
def compressed() -> bytes:
    return gzip.compress(script(), mtime=0)


@cache
def integrity() -> str:
    """Its digest, as pages name it."""
    return f"sha384-{base64.b64encode(hashlib.sha384(script()).digest()).decode()}"


@router.get(PATH)
async def form(request: Request) -> Response:
    """The script. Needs no key."""
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    return Response(
        compressed() if zipped else script(),
        media_type="text/javascript",
        headers=_HEADERS | ({"Content-Encoding": "gzip"} if zipped else {}),
    )


router.head(PATH)(form)
