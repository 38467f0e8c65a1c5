"""Styles and scripts of the console, each under an address that has its digest in it: browsers keep it for ever."""

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

FOLDER = files("starter.http.console").joinpath("static")
PREFIX = "/console/"
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}

router = APIRouter(include_in_schema=False)


@cache
def content(name: str) -> bytes:
    """What is in a file of the folder."""
    return FOLDER.joinpath(name).read_bytes()


@cache
def address(name: str) -> str:
    """Where a file is found: `/console/3f2a…/console.css`."""
    return f"{PREFIX}{hashlib.sha256(content(name)).hexdigest()[:16]}/{name}"


@router.get(PREFIX + "{digest}/{name}")
async def serve(request: Request, digest: str, name: str) -> Response:
    """One file, by its name and digest. Needs nobody signed in: it says nothing of any shop."""
    ending = name.rpartition(".")[2]
    if (
        ending not in _TYPES
        or name not in {each.name for each in FOLDER.iterdir()}
        or address(name) != request.url.path
    ):
        raise HTTPException(404)
    return Response(content(name), media_type=_TYPES[ending], headers=_HEADERS)
